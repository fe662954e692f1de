"""What the synthetic voices say. Every sentence here was written for this corpus; nothing is quoted.

English comes from sentence frames filled at random, rich in the lips' sounds (p b m f v w) and in what is mistaken for
them (n ng k g l), so every seed gives a new text. Other languages have a few plain sentences each and, for variety,
nonsense words spelled by the rules of the language: what matters is that the mouth moves in every way it can.
"""

# ruff: noqa: E501  (a sentence list is read as a table, a language a line)

from __future__ import annotations

import random
from typing import Final


def _listed(text: str) -> list[str]:
    return text.split("|")


_PEOPLE: Final = _listed(
    "Bob|Pam|my mother|Mabel|the plumber|Phoebe|a brave boy|Vivian|the neighbour|Ken|Nancy|Anna|the king|"
    "our guide|Luke|the young woman|Wendy|George|the baker|Thomas|Emma|the pilot|Kevin|a member|the nurse|"
    "Henry|Olga|the judge"
)
_VERBS: Final = _listed(
    "bought|built|mopped|found|kept|dropped|remembered|gave away|lifted|painted|wanted|opened|measured|"
    "hid|borrowed|noticed|changed|watched|pushed|sang about|talked about|looked at|thought of|knew|"
    "carried|drank|burned|moved|saved|threw"
)
_ADJECTIVES: Final = _listed(
    "big|blue|pale|warm|purple|empty|round|thin|long|smooth|huge|famous|simple|green|lonely|wooden|velvet|"
    "cheap|sharp|young|quiet|yellow|bumpy|golden|awful|modern|tiny|hungry|rough|vague"
)
_THINGS: Final = _listed(
    "boat|map|lamp|cup of tea|bubble|pumpkin|window|piano|number|problem|van|leaf|shovel|movie|apple|"
    "umbrella|bridge|kitchen|song|engine|garden|onion|candle|glove|ocean|village|watch|fire|mouse|cheese|"
    "book|room|dream|ring|bank|ladder|jungle|pillow|cup|web|farm|thumb|beach|chair|cloth|measure|wheel|"
    "egg|arm"
)
_PLACES: Final = _listed(
    "by the river|in the morning|at the back of the shop|above the bay|under the moon|on the farm|"
    "near the old mill|behind the museum|for five months|without a word|in the long night|"
    "among the leaves|at half past nine|before lunch|on a windy evening|along the canal|in London|"
    "all week|beyond the village|every November"
)
_FRAMES: Final = (
    "{p} {v} the {a} {t} {l}.",
    "Why would {p} want a {a} {t}?",
    "The {a} {t} and the {t2} were {a2} {l}.",
    "{l}, {p} {v} a {t}, but nobody knew.",
    "Maybe {p} will bring the {t} {l}.",
    "If {p} {v} it, give me the {a} {t}.",
    "No, not the {t}; I mean the {a} {t2}!",
    "{p} and {p2} {v} a {t} {l}.",
    "Please put {n} {a} {t}s {l}.",
    "Have you ever seen such a {a} {t}?",
    "We both believe that {p} {v} the {t2}.",
    "My {t} is {a}, my {t2} is {a2}.",
    "Oh, {p}! What a {a} {t}.",
    "{n} of the {t}s came from {p}.",
    "I am going {l}, and I am taking the {a} {t}.",
    "Keep looking: the king's ring is in the {a} {t}.",
)
_NUMBERS: Final = _listed(
    "two|five|seven|nine|eleven|twenty|forty-five|a hundred|eighty-eight|a million|thirteen|sixty-one"
)

_SENTENCES: Final = {
    "de": "Am Montag bringt Papa frische Brote mit.|Wir haben viel Bewegung im Park.|Über dem Fluss fliegen fünf müde Vögel.|Meine Oma möchte ein blaues Boot.|Könnten Sie bitte das Fenster öffnen?|Der junge König lacht nicht mehr.",
    "fr": "Mon bébé boit un peu de lait.|Bonjour madame, vous voulez du pain?|La pluie tombe sur la petite maison bleue.|Un bon vin vaut mieux qu'une promesse.|Où est passé le vieux chapeau de papa?|Nous avons vu une lune rouge hier.",
    "es": "Mi abuela prepara una sopa muy buena.|El perro pequeño bebe agua fresca.|Mañana vamos al pueblo con mi hermano.|¿Por qué no vienes a la fiesta?|La luna llena ilumina el campo.|Quiero comprar un billete para el barco.",
    "it": "La mamma prepara la pappa per il bambino.|Domani andiamo al mare con gli amici.|Un buon vino bianco, per favore.|Perché non vieni a ballare con noi?|Il gatto nero dorme sul tappeto.|Ogni giorno imparo una parola nuova.",
    "pt": "A minha mãe comprou um barco verde.|O menino bebe um copo de água.|Amanhã vou ver o filme com você.|Por favor, abra a porta da cozinha.|O vento frio move as folhas.|Quem falou com o homem do banco?",
    "nl": "Mijn buurman bakt een groot brood.|We varen met de boot over het meer.|Het boek ligt op de bovenste plank.|Mag ik een beetje water, alstublieft?|De oude vrouw woont bij de brug.|Waarom blijf je niet bij ons?",
    "sv": "Min mamma köper blommor på torget.|Båten ligger vid bryggan hela sommaren.|Vi behöver mer mjölk och bröd.|Får jag fråga om vägen hem?|En blå fågel sjunger i parken.",
    "pl": "Moja babcia piecze bardzo dobry chleb.|Proszę podać mi wodę i obiad.|Wiatr mocno wieje nad polem.|Pies biegnie po małym moście.|Dlaczego nie mówisz po polsku?",
    "ru": "Мама мыла белую раму.|Папа купил большой пирог и воду.|Мы поехали в деревню на автобусе.|Почему вы не пьёте молоко?|Над морем летают белые птицы.",
    "tr": "Babam bahçede büyük bir ağaç buldu.|Benim güzel kuşum pencerede ötüyor.|Yarın sabah vapura bineceğiz.|Lütfen bana biraz su verir misin?|Mavi boncuk masanın üstünde.",
    "cs": "Moje babička peče výborný chleba.|Pojďme spolu do parku, prosím.|Ve vodě plave velká bílá ryba.|Můj bratr má nové modré boty.|Proč nepijete mléko?",
    "fi": "Minun mummoni leipoo hyvää pullaa.|Vene on laiturin vieressä.|Huomenna menemme metsään poimimaan puolukoita.|Pieni poika juo vettä.|Miksi et puhu mitään?",
    "ro": "Mama mea prepară o mâncare bună.|Băiatul mic bea apă proaspătă.|Mâine mergem la munte cu prietenii.|Vă rog, unde este piața mare?",
    "el": "Η μαμά μου πίνει ζεστό καφέ.|Το μπλε βαπόρι φεύγει το πρωί.|Πού είναι το μεγάλο βιβλίο;|Θέλω να φάω ψωμί με μέλι.",
    "hu": "Apám vett egy nagy piros labdát.|Ma este moziba megyünk a barátommal.|Hol van a fekete macska?|Kérek szépen még egy pohár vizet.",
    "id": "Ibu saya membeli buah mangga.|Besok pagi kami pergi ke pantai.|Kapal besar itu penuh dengan beras.|Bapak minum kopi di bawah pohon.",
}  # fmt: skip

_SYLLABLES: Final = {
    "de": ("b p m f w n l k g t d sch r z pf st", "a e i o u ä ö ü ei au eu", " n m l r ch ng ft"),
    "fr": ("b p m f v n l k g t d ch r j gn", "a é i o u ou eu an on in oi", " l r s f"),
    "es": ("b p m f v n l c g t d ch r ll ñ pr", "a e i o u ue ie", " n l r s m"),
    "it": ("b p m f v n l c g t d ch r gl gn pp mm", "a e i o u", " n l r m"),
    "pt": ("b p m f v n l c g t d ch r lh nh", "a e i o u ão ei ou", " r s m l"),
    "nl": ("b p m f v w n l k g t d sch r z", "a e i o u aa ee oo oe uu eu ij ui", " n m l r f p"),
    "sv": ("b p m f v n l k g t d sj r", "a e i o u å ä ö y", " n m l r ng"),
    "pl": ("b p m f w n l k g t d sz r cz ż ł", "a e i o u y ą ę ó", " n m l k"),
    "ru": ("б п м ф в н л к г т д ш р ж х", "а е и о у ы ю я", " н м л р"),
    "tr": ("b p m f v n l k g t d ş r c ç y", "a e i o u ö ü ı", " n m l r k p"),
    "cs": ("b p m f v n l k h t d š r č ž", "a e i o u á é í ů ou", " n m l r"),
    "fi": ("p m v n l k t r h s j mp", "a e i o u ä ö y aa ii uu", " n l s"),
    "ro": ("b p m f v n l c g t d ș r j", "a e i o u ă î", " n m l r"),
    "el": ("μπ π μ φ β ν λ κ γ τ δ θ ρ χ", "α ε ι ο ου", " ν ς ρ"),
    "hu": ("b p m f v n l k g t d s r cs gy", "a e i o u á é ő ű ü ö", " n m l r k"),
    "id": ("b p m w n l k g t d r j ng ny", "a e i o u", " n m l ng k"),
}

LANGUAGES: Final = tuple(_SENTENCES)
"""Languages beside English, as espeak-ng names them."""

HELD_OUT_LANGUAGES: Final = ("hu", "id")
"""Never trained on: they show whether the model follows mouths or languages."""


def english(count: int, seed: int) -> list[str]:
    """``count`` English sentences, the same for the same ``seed``."""
    chance = random.Random(f"english {seed}")
    return [_sentence(chance) for _ in range(count)]


def _sentence(chance: random.Random) -> str:
    t, t2 = chance.sample(_THINGS, 2)
    a, a2 = chance.sample(_ADJECTIVES, 2)
    p, p2 = chance.sample(_PEOPLE, 2)
    text = chance.choice(_FRAMES).format(
        p=p, p2=p2, v=chance.choice(_VERBS), t=t, t2=t2, a=a, a2=a2, l=chance.choice(_PLACES), n=chance.choice(_NUMBERS)
    )
    return text[0].upper() + text[1:]


def other(language: str, count: int, seed: int) -> list[str]:
    """``count`` sentences for ``language`` (one of ``LANGUAGES``): half written, half nonsense in its spelling."""
    chance = random.Random(f"{language} {seed}")
    written = _SENTENCES[language].split("|")
    onsets, nuclei, codas = (part.split(" ") for part in _SYLLABLES[language])

    def nonsense() -> str:
        words = (
            "".join(chance.choice(onsets) + chance.choice(nuclei) for _ in range(chance.randint(1, 3)))
            + chance.choice(codas)
            for _ in range(chance.randint(4, 8))
        )
        return " ".join(words) + "."

    return [chance.choice(written) if chance.random() < 0.4 else nonsense() for _ in range(count)]
