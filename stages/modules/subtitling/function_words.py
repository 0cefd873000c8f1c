"""Function words by language: articles, pronouns, prepositions and others that a line break mustn't separate.

The rules are those of the style guides: no break between article and noun, preposition and noun, title or first name
and name, subject pronoun or auxiliary and verb, negation and verb; better a break before a conjunction or preposition.
Text in a language without a list is broken at its punctuation and pauses.
"""

from dataclasses import dataclass

from subtitling.style_profiles import base_of


@dataclass(frozen=True)
class FunctionWords:
    """Words in lower case."""

    bound_to_next: frozenset[str] = frozenset()  # articles, pronouns, auxiliaries, titles
    prepositions: frozenset[str] = frozenset()  # bound to the next word, too; a break before them is a good one
    clause_openers: frozenset[str] = frozenset()  # conjunctions, relative pronouns
    bound_to_previous: frozenset[str] = frozenset()  # postpositions, particles
    capitals_are_names: bool = True  # two capitalised words are a name; not where all nouns have capitals


def function_words_of(language: str) -> FunctionWords:
    """Those of a language (``pt-BR``: of ``pt``), or none."""
    return BY_LANGUAGE.get(base_of(language), NO_WORDS)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_WORDS = FunctionWords(capitals_are_names=False)

TITLES = "mr mr. mrs mrs. ms ms. dr dr. prof prof. st st. sr sr. sra sra. m. mme herr frau"

BY_LANGUAGE = {
    "en": FunctionWords(
        bound_to_next=_words(
            f"""a an the this that these those my your his her its our their some any no every each another i you he she
            it we they i'm you're he's she's it's we're they're i've you've we've they've i'll you'll he'll she'll
            it'll we'll they'll i'd you'd he'd she'd we'd they'd there there's am is are was were be been being have
            has had do does did will would shall should can could may might must not don't doesn't didn't won't
            wouldn't can't couldn't isn't aren't wasn't weren't haven't hasn't hadn't never very too so more most
            such what which whose how {TITLES}"""
        ),
        prepositions=_words(
            """of in on at by for from to with without into onto over under about after before between through during
            against among upon toward towards across behind beyond near within until than as like per via"""
        ),
        clause_openers=_words(
            """and but or nor yet because although though while when where whether if unless since who whom that which
            then however whereas"""
        ),
    ),
    "de": FunctionWords(
        bound_to_next=_words(
            f"""der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner mein meine
            meinen meinem meiner dein deine sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser unsere
            euer eure dieser diese dieses diesen diesem jeder jede jedes ich du er sie es wir nicht nie sehr so zu
            am im vom zum zur beim ins ans {TITLES}"""
        ),
        prepositions=_words(
            """von in an auf bei für mit ohne durch gegen um aus nach seit über unter vor hinter neben zwischen während
            wegen trotz bis"""
        ),
        clause_openers=_words(
            """und aber oder denn sondern weil dass obwohl während wenn als ob damit bevor nachdem der die das welche
            welcher welches wo wie"""
        ),
        capitals_are_names=False,
    ),
    "fr": FunctionWords(
        bound_to_next=_words(
            f"""le la les un une des du au aux ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos
            leur leurs je tu il elle on nous vous ils elles ne n' se me te y en est sont était ai as a avons avez
            ont très plus si pas {TITLES}"""
        ),
        prepositions=_words(
            "de à dans sur sous par pour avec sans chez vers entre contre depuis pendant avant après jusqu'à"
        ),
        clause_openers=_words("et mais ou donc car que qui dont où quand lorsque puisque parce comme si ni"),
    ),
    "es": FunctionWords(
        bound_to_next=_words(
            f"""el la los las un una unos unas lo este esta estos estas ese esa esos esas mi mis tu tus su sus nuestro
            nuestra al del yo tú él ella nosotros ellos ellas no se me te nos le les es son era está están he ha han
            muy más tan {TITLES}"""
        ),
        prepositions=_words("de a en con sin por para sobre entre hacia hasta desde contra según durante"),
        clause_openers=_words("y e o u pero sino porque que quien cuando donde aunque mientras si como ni"),
    ),
    "it": FunctionWords(
        bound_to_next=_words(
            f"""il lo la i gli le un uno una questo questa questi queste quel quella quei mio mia miei tuo tua suo sua
            nostro nostra loro al allo alla ai agli alle del dello della dei degli delle nel nella sul sulla io tu
            lui lei noi voi non si mi ti ci vi è sono era ho hai ha abbiamo hanno molto più così {TITLES}"""
        ),
        prepositions=_words("di a da in con su per tra fra senza verso durante contro"),
        clause_openers=_words("e ed ma o oppure perché che chi cui quando dove mentre se come né"),
    ),
    "pt": FunctionWords(
        bound_to_next=_words(
            f"""o a os as um uma uns umas este esta estes estas esse essa aquele aquela meu minha teu tua seu sua nosso
            nossa do da dos das no na nos nas ao à pelo pela eu tu ele ela nós eles elas você não se me te é são era
            está muito mais tão {TITLES}"""
        ),
        prepositions=_words("de em com sem por para sobre entre até desde contra segundo durante"),
        clause_openers=_words("e mas ou porque que quem quando onde embora enquanto se como nem"),
    ),
    "nl": FunctionWords(
        bound_to_next=_words(
            f"""de het een deze dit die dat mijn jouw zijn haar ons onze hun geen ik jij je hij zij ze wij we u niet
            nooit is was ben bent waren heb hebt heeft had zal zou kan moet heel zo te {TITLES}"""
        ),
        prepositions=_words("van in op aan bij voor met zonder door tegen om uit na over onder tussen tijdens naar"),
        clause_openers=_words("en maar of want omdat dat hoewel terwijl als toen wanneer waar die zodat"),
    ),
    "ru": FunctionWords(
        bound_to_next=_words(
            "не ни я ты он она оно мы вы они этот эта это эти тот та те мой моя твой твоя свой его её их очень"
        ),
        prepositions=_words("в во на с со к ко у о об обо от до из за по под над при про без для через между перед"),
        clause_openers=_words("и а но или что чтобы который которая которое которые когда где если потому хотя как"),
        bound_to_previous=_words("же ли бы б ль ж"),
    ),
    "hi": FunctionWords(
        bound_to_next=_words("यह वह ये वे इस उस एक मैं तुम हम आप मेरा मेरी मेरे नहीं न बहुत"),
        clause_openers=_words("और लेकिन पर या क्योंकि कि जो जब जहाँ अगर तो"),
        bound_to_previous=_words("का की के को से में पर ने तक ही भी है हैं था थी थे हूँ हो"),
        capitals_are_names=False,
    ),
    "ar": FunctionWords(
        bound_to_next=_words("هذا هذه ذلك تلك هؤلاء أنا أنت هو هي نحن هم لا لم لن ما قد سوف كل يا"),
        prepositions=_words("في من على إلى عن مع بين بعد قبل تحت فوق عند حتى منذ دون بدون خلال"),
        clause_openers=_words("و أو ثم لكن ولكن بل لأن أن إن كي حتى الذي التي الذين إذا عندما حيث"),
        capitals_are_names=False,
    ),
    "ja": FunctionWords(
        bound_to_previous=_words(
            """は が を に で と も の へ から まで より や ね よ か な ば て た です ます でした ました だ だった ない
            って けど さん ちゃん 君 様"""
        ),
        capitals_are_names=False,
    ),
}
