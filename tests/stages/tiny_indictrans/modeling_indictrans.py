"""Stands in for the classes that IndicTrans2's checkpoints bring along, with as little as shows how they are used."""

from transformers import M2M100Config, M2M100ForConditionalGeneration


class IndicTransConfig(M2M100Config):  # type: ignore[misc]  # its class is found where it runs
    model_type = "IndicTrans"


class IndicTransForConditionalGeneration(M2M100ForConditionalGeneration):  # type: ignore[misc]
    config_class = IndicTransConfig
