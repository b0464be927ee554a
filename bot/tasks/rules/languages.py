"""Tells a message's language by its script, its letters and its everyday words.

Words decide, and not pairs of letters: "No email received" has one language to whoever knows the
words. What has none of the words is of no language, and the conversation keeps the one it has.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from bot.knowledge.stopwords import common
from bot.tasks.base import Heard

# By the first script of these that half of the letters have.
_SCRIPTS = {
    "ja": "\u3040-\u30ff",
    "ko": "\u1100-\u11ff\uac00-\ud7af",
    "zh": "\u3400-\u9fff",
    "el": "\u0370-\u03ff",
    "he": "\u0590-\u05ff",
    "th": "\u0e00-\u0e7f",
    "hi": "\u0900-\u097f",
    "ar": "\u0600-\u06ff",
    "uk": "\u0456\u0457\u0454\u0491\u0406\u0407\u0404\u0490",  # letters that Russian lacks
    "ru": "\u0400-\u04ff",
}
_SCRIPT = {code: re.compile(f"[{letters}]") for code, letters in _SCRIPTS.items()}
# A few of their letters are enough, where most of the others are of the script that they share.
_SHARED = {"ja": "zh", "uk": "ru"}

# Letters that hardly another language has.
_LETTERS = {
    "de": "ß",
    "es": "ñ¿¡",
    "pt": "ãõ",
    "fr": "œêëîû",
    "pl": "ąęłńśźż",
    "cs": "ěřůď",
    "sv": "å",
    "tr": "ğş",
    "ro": "țș",
    "hu": "őű",
}
_LETTER: Mapping[str, str] = {sign: code for code, signs in _LETTERS.items() for sign in signs}

_STOP_WORDS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "pt": "portuguese",
    "nl": "dutch",
}

# What customers write beside stop words.
_EVERYDAY = {
    "en": "hello hi hey thanks thank please yes help order parcel package refund return shipping "
    "delivery password account broken wrong size late cancel subscription still waiting want need "
    "would could sorry get got know tell find there change yet again "
    "money received charged log login how much does work working email item sent bought good bad",
    "de": "hallo moin servus guten tag morgen danke vielen dank bitte hilfe bestellung bestellt "
    "paket sendung "
    "lieferung rückgabe zurückgeben rücksendung erstattung geld konto passwort vergessen kaputt "
    "falsche größe stornieren kündigen abo versand kostet dauert lange geht bekommen erhalten "
    "immer warte möchte brauche rechnung gekauft zurück einloggen anmelden keinen ihr liefert",
    "fr": "bonjour bonsoir salut merci oui non svp commande colis remboursement livraison retour "
    "retourner compte oublié passe mot taille mauvaise annuler abonnement reçu veux voudrais "
    "marche article retard coûte combien argent facture cassé livrez",
    "es": "hola buenos días buenas gracias por favor sí pedido paquete reembolso envío devolución "
    "devolver cuenta contraseña olvidé talla equivocada cancelar suscripción recibido quiero "
    "funciona tarde cuánto cuesta dinero factura roto correo llega ningún",
    "it": "ciao buongiorno salve grazie prego sì ordine pacco rimborso spedizione reso restituire "
    "dimenticato taglia sbagliata annullare abbonamento ricevuto voglio vorrei funziona ritardo "
    "costa soldi fattura rotto dov posso",
    "pt": "olá oi bom dia obrigado obrigada sim pedido encomenda reembolso envio devolução "
    "devolver "
    "conta senha esqueci tamanho errado cancelar assinatura recebi quero funciona atrasada onde "
    "custa dinheiro fatura quebrado",
    "nl": "hallo goedendag bedankt dank alstublieft ja nee bestelling pakket terugbetaling "
    "levering "
    "verzending retour retourneren rekening wachtwoord vergeten maat verkeerde annuleren kapot "
    "ontvangen wil geld werkt laat duurt lang waar mijn besteld wacht nog steeds kan ik",
    "pl": "cześć dzień dobry dziękuję proszę tak nie gdzie jest moje mój zamówienie paczka zwrot "
    "pieniędzy chcę działa hasło konto kiedy jak do na się nie mogę",
    "sv": "hej tack snälla ja nej var är min mitt beställning paket återbetalning vill ha pengarna "
    "tillbaka det fungerar inte lösenord jag och när hur kan får en ett den",
}

_WORD = re.compile(r"[^\W\d_]+")
_MARKUP = re.compile(r"<[^<>]{0,200}>")
_NOISE = re.compile(r"[@/\\\d]")  # in addresses, links, numbers
_LONGEST = 2000  # characters: enough to hear it
_LETTER_WEIGHT = 1.5
_DOUBT = 0.35  # of one word's weight: a single word may be a name


def _words() -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for code, everyday in _EVERYDAY.items():
        stop_words = common(_STOP_WORDS[code]) if code in _STOP_WORDS else frozenset[str]()
        for word in {*everyday.split(), *stop_words}:
            for part in _WORD.findall(word):
                found.setdefault(part, set()).add(code)
    return {word: tuple(codes) for word, codes in found.items()}


_WORDS = _words()


def plain(text: str) -> str:
    """Return the beginning of ``text`` without what has no language: addresses, links, numbers."""
    words = _MARKUP.sub(" ", text[:_LONGEST]).split()
    return " ".join(word for word in words if not _NOISE.search(word))


class RuledLanguages:
    """Knows nine languages by their words and ten by their script; ``among`` leaves out others."""

    by = "rule"

    def __init__(self, *, among: Collection[str] = ()) -> None:
        self._among = frozenset(code.split("-")[0].lower() for code in among)

    async def language(self, text: str) -> Heard | None:
        """Return the language of ``text``; its score is 1 minus the doubt that is left."""
        words = plain(text)
        by_script = _by_script(words)
        if by_script:
            return Heard(by_script, 1.0) if self._knows(by_script) else None
        weights = Counter[str]()
        for code, weight in _evidence(words.lower()):
            if self._knows(code):
                weights[code] += weight  # type: ignore[assignment]  # a Counter counts any number
        if not weights:
            return None
        (best, most), *others = weights.most_common(2)
        second = others[0][1] if others else 0
        return (
            Heard(best, max(0.0, (most - second / 2) / (most + _DOUBT))) if most > second else None
        )

    def _knows(self, code: str) -> bool:
        return not self._among or code in self._among


def _by_script(text: str) -> str:
    letters = sum(map(str.isalpha, text))
    for code, script in _SCRIPT.items():
        found = len(script.findall(text))
        shared = _SCRIPT[_SHARED[code]].findall(text) if found and code in _SHARED else ()
        if found and 2 * (found + len(shared)) >= letters:
            return code
    return ""


def _evidence(text: str) -> Iterator[tuple[str, float]]:
    for word in _WORD.findall(text):
        codes = _WORDS.get(word, ())
        for code in codes:
            yield code, 1 / len(codes)
    for sign in set(text) & _LETTER.keys():
        yield _LETTER[sign], _LETTER_WEIGHT
