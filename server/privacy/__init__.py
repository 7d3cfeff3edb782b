"""What somebody may ask of their data: everything is asked of each folder's holdings, and only conducted here."""
