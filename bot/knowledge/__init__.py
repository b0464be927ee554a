"""What the company has written, and how to find it."""
