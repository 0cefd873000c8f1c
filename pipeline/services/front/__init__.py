"""The front of a service in the foreground: it has the public ports, and passes each request on to the version that
serves, so that a new version can take over while clients send."""
