"""Abbreviations by language, in lower case and without their final full stop."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ANYWHERE = _words("dr prof mr mrs ms st sr jr nr vs vol fig approx dept gen col lt sgt capt cmdr maj rev")

BY_LANGUAGE = {
    "en": _words("messrs gov sen rep pres supt insp adm mt ft jan feb mar apr jun jul aug sept oct nov dec"),
    "de": _words(
        """bzw ca evtl ggf hr fr hrn inkl exkl geb gest jh mio mrd sog str tel vgl ing dipl bspw z.b d.h u.a i.d.r v.chr
        n.chr a.d s.o s.u"""
    ),
    "es": _words("sra srta dra ud uds vd vds d dña lic ing arq avda pág págs núm tel aprox ej p.ej ee.uu"),
    "fr": _words("m mm mme mmes mlle mlles me mgr bd av cf ex env p.ex c.-à-d n°"),
    "it": _words("sig sigg sigra signa dott ing avv arch on egr gent pag ecc tel"),
    "pt": _words("sra srta dra exmo exma ilmo av pág núm tel ltda"),
    "nl": _words("dhr mevr mw drs ir mej bijv enz blz nl o.a m.b.t d.w.z"),
    "pl": _words("np tzw tj itd itp ul al mgr inż hab św godz tys mln"),
    "ru": _words("г гг ул д кв стр т.е т.д т.п им проф акад руб тыс млн млрд см"),
    "tr": _words("sn av cad mah sok vb vs bkz doç yrd alb"),
    "sv": _words("bl.a t.ex osv dvs fr.o.m kl ca"),
    "hi": _words("डॉ प्रो श्री पं"),
}

# These end a sentence if a capital follows.
SOMETIMES_AT_END = _words("etc p.m a.m inc ltd co corp bros esq usw usf ecc itd itp osv etc enz т.д т.п")

# Of those by language, the ones that no sentence ends with, since a name or an example follows.
NEED_MORE = _words(
    """dr prof mr mrs ms messrs capt cmdr sgt lt gov sen supt insp adm mt vs hr hrn dipl bspw vgl bzw ca z.b d.h i.d.r
    sra srta dra dña lic p.ej mme mmes mlle mlles mgr p.ex c.-à-d cf sigg dott egr gent avv exmo exma ilmo dhr mevr drs
    bijv m.b.t d.w.z np tzw inż św т.е им проф акад ул doç yrd bl.a t.ex fr.o.m डॉ प्रो श्री पं"""
)

BEFORE_NUMBERS = _words("no nos nr núm nº pp p s")

# Languages that write an ordinal number with a full stop.
ORDINALS = _words("de da no nb nn fi is cs sk sl hr sr bs hu et lv pl tr lb")


def of_language(language: str) -> frozenset[str]:
    """Those of a language (``pt-BR``: of ``pt``), and those of all."""
    return ANYWHERE | BY_LANGUAGE.get(language.split("-", maxsplit=1)[0].lower(), frozenset())


def needs_more(word: str, language: str) -> bool:
    """Whether a sentence never ends with it, such as ``Mr``: a word follows, even after the end of a cue."""
    small = word.lower()
    return small in of_language(language) and small in NEED_MORE
