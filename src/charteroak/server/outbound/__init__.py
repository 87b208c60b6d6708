"""What the server asks of other machines of the agency: never anything about a plate."""
