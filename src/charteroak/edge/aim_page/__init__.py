"""The page for whoever aims a camera: live, on a phone, and gone afterwards."""
