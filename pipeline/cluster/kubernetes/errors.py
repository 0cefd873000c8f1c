"""What goes wrong with the API of Kubernetes, in words for a person."""


class KubernetesError(Exception):
    """``is_passing``: it may go well a little later, as while the API is started again."""

    def __init__(self, words: str, is_passing: bool = False) -> None:
        super().__init__(words)
        self.is_passing = is_passing
