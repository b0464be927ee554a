"""The doors of Frontdesk: the terminal and the command line, and those to come."""
