"""What takes more than one request, written once for both markets."""
