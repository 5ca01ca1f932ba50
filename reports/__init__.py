"""What a run says to people and machines: one model, one writer a format."""
