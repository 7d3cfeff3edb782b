"""The forwarding engine: takes media packets from each browser of a call and hands them to the others, never decoding a picture."""
