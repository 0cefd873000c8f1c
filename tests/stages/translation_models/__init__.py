"""Translation models in the form of CTranslate2."""
