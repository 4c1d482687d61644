"""Amazon Mechanical Turk for crowdhub."""
