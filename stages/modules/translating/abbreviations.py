"""Words whose full stop is a part of them, by language, in lower case and without it."""

ANYWHERE = frozenset(
    "dr prof mr mrs ms st sr jr no nr vs vol fig approx dept est gen col lt sgt capt cmdr maj hon rev".split()
)

OF_LANGUAGE = {
    "en": frozenset("messrs gov sen rep pres supt insp adm mt ft jan feb mar apr jun jul aug sept oct nov dec".split()),
    "de": frozenset(
        """bzw ca evtl ggf hr fr hrn inkl exkl geb gest jh mio mrd nr sog str tel usf usw vgl ing dipl bspw z.b d.h u.a
        i.d.r v.chr n.chr a.d s.o s.u""".split()
    ),
    "es": frozenset("sra srta dra ud uds vd vds d dña lic ing arq avda pág págs núm tel aprox ej p.ej ee.uu".split()),
    "fr": frozenset("m mm mme mmes mlle mlles me mgr bd av cf ex env p.ex c.-à-d n°".split()),
    "it": frozenset("sig sigg sigra signa dott ing avv arch on egr gent pag ecc tel".split()),
    "pt": frozenset("sra srta dra exmo exma ilmo av pág núm tel ltda".split()),
    "nl": frozenset("dhr mevr mw drs ir mej bijv enz blz nl o.a m.b.t d.w.z".split()),
    "pl": frozenset("np tzw tj itd itp ul al mgr inż hab św godz tys mln".split()),
    "ru": frozenset("г гг ул д кв стр т.е т.д т.п им проф акад руб тыс млн млрд см".split()),
    "tr": frozenset("sn av cad mah sok vb vs bkz doç yrd alb".split()),
    "sv": frozenset("bl.a t.ex osv dvs fr.o.m kl ca".split()),
    "hi": frozenset("डॉ प्रो श्री पं".split()),
}

# An end of the sentence where a capital follows, and none where not.
MAYBE = frozenset("etc p.m a.m inc ltd co corp bros esq usw usf ecc itd itp osv etc enz т.д т.п".split())

# Languages that write an ordinal number with a full stop.
ORDINALS = frozenset("de da no nb nn fi is cs sk sl hr sr bs hu et lv pl tr lb".split())


def known(language: str) -> frozenset[str]:
    return ANYWHERE | OF_LANGUAGE.get(language.split("-", maxsplit=1)[0].lower(), frozenset())
