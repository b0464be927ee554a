"""Short messages of customers in their languages, to measure with whoever tells them apart.

Nobody has learned from them: no rule was written with them in view, and none shall be.
"""

from collections.abc import Mapping, Sequence
from typing import Final

MESSAGES: Final[Mapping[str, Sequence[str]]] = {
    "en": (
        "The zip came off after two days",
        "Is the blue one back in stock?",
        "Can someone call me tomorrow?",
        "Which batteries do I buy for this lamp?",
        "My voucher won't apply at checkout",
        "Do you gift wrap?",
    ),
    "de": (
        "Der Reißverschluss ist nach zwei Tagen abgegangen",
        "Gibt es die Lampe auch in Blau?",
        "Kann mich jemand morgen anrufen?",
        "Welche Batterien gehören hinein?",
        "Mein Gutschein wird an der Kasse abgelehnt",
        "Verpackt ihr auch Geschenke?",
    ),
    "fr": (
        "La fermeture éclair a lâché au bout de deux jours",
        "Le modèle bleu revient quand ?",
        "Quelqu'un peut m'appeler demain ?",
        "Quelles piles faut-il acheter ?",
        "Mon bon de réduction est refusé",
        "Faites-vous des paquets cadeaux ?",
    ),
    "es": (
        "La cremallera se rompió a los dos días",
        "¿Vuelve a haber la azul?",
        "¿Me puede llamar alguien mañana?",
        "Qué pilas lleva esta lámpara",
        "El cupón no se aplica al pagar",
        "Hacen envoltorio de regalo?",
    ),
    "it": (
        "La cerniera si è staccata dopo due giorni",
        "Quella blu torna disponibile?",
        "Qualcuno può chiamarmi domani?",
        "Che pile servono per la lampada",
        "Il buono non viene accettato alla cassa",
        "Fate confezioni regalo?",
    ),
    "pt": (
        "O fecho soltou-se passados dois dias",
        "A azul volta a estar disponível?",
        "Alguém me pode ligar amanhã?",
        "Que pilhas leva este candeeiro",
        "O cupão não é aceite no pagamento",
        "Fazem embrulho para oferta?",
    ),
    "nl": (
        "De rits ging na twee dagen stuk",
        "Komt de blauwe terug op voorraad?",
        "Kan iemand me morgen bellen?",
        "Welke batterijen gaan er in de lamp",
        "Mijn kortingscode doet het niet",
        "Pakken jullie ook cadeaus in?",
    ),
    "pl": (
        "Zamek odpadł po dwóch dniach",
        "Czy niebieska lampa wróci do sprzedaży?",
        "Czy ktoś może jutro zadzwonić?",
        "Jakie baterie są potrzebne",
        "Kupon został odrzucony przy kasie",
        "Pakujecie na prezent?",
    ),
    "sv": (
        "Dragkedjan gick sönder efter två dagar",
        "Kommer den blå tillbaka i lager?",
        "Kan någon ringa mig imorgon?",
        "Vilka batterier behöver lampan",
        "Rabattkoden godkänns inte i kassan",
        "Slår ni in presenter?",
    ),
}
"""In the nine languages that the rule knows by their words."""

OTHERS: Final[Mapping[str, Sequence[str]]] = {
    "cs": ("Zip se po dvou dnech utrhl", "Může mi někdo zítra zavolat?", "Balíte i dárky?"),
    "da": (
        "Lynlåsen gik i stykker efter to dage",
        "Kan nogen ringe til mig i morgen?",
        "Pakker I gaver ind?",
    ),
    "fi": (
        "Vetoketju hajosi kahden päivän jälkeen",
        "Voiko joku soittaa minulle huomenna?",
        "Paketoitteko lahjoja?",
    ),
    "tr": (
        "Fermuar iki gün sonra bozuldu",
        "Yarın beni arayabilir misiniz?",
        "Hediye paketi yapıyor musunuz?",
    ),
    "hu": (
        "A cipzár két nap után elromlott",
        "Fel tudna hívni valaki holnap?",
        "Csomagolnak ajándékot is?",
    ),
    "ro": (
        "Fermoarul s-a rupt după două zile",
        "Mă poate suna cineva mâine?",
        "Faceți ambalaj de cadou?",
    ),
}
"""In languages that the rule knows by a few letters at most."""
