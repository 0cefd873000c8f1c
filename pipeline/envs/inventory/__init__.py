"""The packages in a build, read from their metadata: names, versions, licenses, a bill of materials."""
