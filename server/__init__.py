"""Consilium: video consultations with a waiting room, a call and a live clinical note."""
