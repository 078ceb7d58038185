"""What must last: tables, statements and the one writer."""
