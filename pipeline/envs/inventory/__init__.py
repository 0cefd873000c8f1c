"""What is in a build, read from its packages' metadata: names, versions, licences, a bill of materials."""
