"""What a job did, as one value that is read from its plan and journal; pages, pictures and JSON are made from it."""
