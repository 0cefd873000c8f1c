"""Translation models in CTranslate2's form: NLLB and MADLAD-400. Their files, their codes, and what they generate.

Only ``generation`` and ``pieces`` need libraries.
"""
