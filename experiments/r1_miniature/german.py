"""What the chains say in German: a line a label of a step, `{A}` and `{B}` people, `#` a number.

A label is worded as a clause with words that no German text does without (das, sind, noch), so that
`promptlab.traces`, which tells a language by those, sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from promptlab.errors import InputError

DOUBTS = ("Moment, das ist falsch.", "Halt, das ist nicht richtig.", "Nein, das ist ein Fehler.")
CHECKS = (
    "Wir machen die Probe: {}. Das stimmt also.",
    "Jetzt kommt die Probe: {}. Das ist richtig.",
    "Zur Probe rechnen wir: {}. Das passt also.",
)
LABELS = """
# minus # = Wir rechnen jetzt # minus #
# percent = Für # Prozent ist das
A child pays = Ein Kind zahlt dann
After giving half = Wenn die Hälfte weg ist, sind es
After others get on = Wenn andere einsteigen, sind es
After some are taken = Wenn einige weg sind, sind es
After some come back = Wenn einige zurück sind, sind es
After some get off = Wenn einige aussteigen, sind es
After that = Danach sind es noch
After the cost = Nach den Kosten sind es
After the first exit = Nach dem ersten Halt sind es
After the second exit = Nach dem zweiten Halt sind es
Age then = Das Alter ist dann
All adults = Alle Erwachsenen zusammen sind
All children = Alle Kinder zusammen sind
All eggs = Das sind alle Eier
All four sides = Das sind alle vier Seiten
All legs = Das sind alle Beine
All minutes = Das sind alle Minuten
All of them = Das sind dann alle
All places = Das sind alle Stellplätze
All seats = Das sind alle Plätze
All the way around = Der ganze Umfang ist
All three = Alle drei sind zusammen
All trees = Das sind alle Bäume
Area = Die Fläche ist
Around the square = Der Umfang des Quadrats ist
At first = Zuerst waren es
Average = Der Durchschnitt ist
Baked = Gebacken sind dann
Balls in the boxes = Die Bälle aus den Kisten sind
Baskets = Das sind die Körbe
Boxes = Das sind die Kisten
Carrots for all = Die Karotten für alle sind
Carrots for one person = Die Karotten für eine Person sind
Cars still there = Die Autos dort sind noch
Chairs = Das sind die Stühle
Change = Das Wechselgeld ist
Cost = Die Kosten sind
Cost in all = Die Kosten sind zusammen
Cost of the apples = Die Kosten der Äpfel sind
Cost of the area = Die Kosten der Fläche sind
Cost of the bags = Die Kosten der Taschen sind
Cost of the books = Die Kosten der Bücher sind
Cost of the bottles = Die Kosten der Flaschen sind
Cost of the cakes = Die Kosten der Kuchen sind
Cost of the cups = Die Kosten der Tassen sind
Cost of the lemons = Die Kosten der Zitronen sind
Cost of the melons = Die Kosten der Melonen sind
Cost of the pencils = Die Kosten der Bleistifte sind
Cost of the pens = Die Kosten der Stifte sind
Cost of the plates = Die Kosten der Teller sind
Cost of the rolls = Die Kosten der Brötchen sind
Cost of the shirts = Die Kosten der Hemden sind
Days = Das sind die Tage
Driven = Gefahren sind dann
Eggs in one week = Die Eier einer Woche sind
First add = Als erstes addieren wir
First days = Die ersten Tage sind
First divide = Als erstes teilen wir
First multiply = Als erstes multiplizieren wir
First part = Der erste Teil ist
First subtract = Als erstes subtrahieren wir
For each = Für jeden sind das
For each child = Für jedes Kind sind das
Free places = Die freien Stellplätze sind
Free seats = Die freien Plätze sind
Gave and lost = Verschenkt und verloren sind
Good ones = Davon sind noch gut
Groups = Das sind die Gruppen
Half = Die Hälfte ist
Hours = Das sind die Stunden
In all = Das sind insgesamt
In all days = Für alle Tage sind das
In all hours = Für alle Stunden sind das
In centimeters = Es sind dann Zentimeter
In one day = Für einen Tag sind das
In the # days = Für die # Tage sind das
In the boxes = Alle Kisten haben zusammen
In the packs = Alle Packungen haben zusammen
Jars in the boxes = Die Gläser aus den Kisten sind
Left = Es sind noch übrig
Left after {A}'s half = Nach der Hälfte von {A} sind es
Left at the end = Am Ende sind es noch
Legs = Das sind die Beine
Legs of the birds = Die Beine der Vögel sind
Legs of the others = Die Beine der anderen sind
Liters = Das sind die Liter
Miles = Das sind die Meilen
Miles in one hour = Die Meilen pro Stunde sind
Minutes in all = Die Minuten sind zusammen
Minutes in the hours = Die Minuten der Stunden sind
Minutes left = Die übrigen Minuten sind
Minutes used = Die verbrauchten Minuten sind
Money = Das Geld ist dann
Money from the sale = Das Geld aus dem Verkauf ist
New price = Der neue Preis ist
Next days = Die nächsten Tage sind
Not sold = Noch nicht verkauft sind
Now in all = Das sind jetzt insgesamt
Number of groups = Die Zahl der Gruppen ist
One long and one short side = Eine lange und eine kurze Seite sind
One percent = Ein Prozent ist dann
Pages a day = Die Seiten für jeden Tag sind
Pages left = Die übrigen Seiten sind
Pay = Der Lohn ist
Pieces = Das sind die Stücke
Price of # = Der Preis für # ist
Price of one = Der Preis für eins ist
Saved = Das ist gespart
Saved in all = Das ist zusammen gespart
Saved on each = Bei jedem ist gespart
Seats taken = Die besetzten Plätze sind
Second part = Der zweite Teil ist
Still missing = Das fehlt noch
Still needed = Es fehlen noch
Taken off = Der Abzug ist
Temperature = Die Temperatur ist
The difference = Die Differenz ist
The first product = Das erste Produkt ist
The first two = Die ersten zwei sind
The product = Das Produkt ist
The quotient = Der Quotient ist
The second product = Das zweite Produkt ist
The sum = Die Summe ist
Then add = Dann addieren wir
Then add # = Dann addieren wir #
Then divide = Dann teilen wir
Then multiply = Dann multiplizieren wir
Then subtract = Dann subtrahieren wir
Then subtract # = Dann subtrahieren wir #
Together = Zusammen sind das
Together in one hour = Zusammen sind das pro Stunde
Toys in the boxes = Die Spielsachen aus den Kisten sind
Trees with fruit = Die Bäume mit Obst sind
Twice as many = Das Doppelte ist
Water added = Das neue Wasser ist
Weeks = Das sind die Wochen
With the bonus = Mit der Prämie sind es
With the last day = Mit dem letzten Tag sind es
With the new books = Mit den neuen Büchern sind es
Without the ill or absent ones = Ohne die Fehlenden sind es
{A} and {B} = {A} und {B} haben dann
{A} gets = {A} bekommt dann den Teil
{A} has = {A} hat also
{A} now = {A} hat jetzt
{A} then = {A} hat dann
"""
PAIRS = dict(line.split(" = ") for line in LABELS.strip().splitlines())
_GAP = re.compile(r"(\{[AB]\}|#)")
_PATTERNS = {"#": r"(\d+)", "{A}": r"([A-Z][a-z]+)", "{B}": r"([A-Z][a-z]+)"}


def in_german(label: str) -> str:
    """A label of a step, as `Question.meta` has it.

    Raises
    ------
    InputError
        There is no German for it: templates that are never trained on have none.

    Examples
    --------
    >>> in_german("Left"), in_german("Left after Anna's half")
    ('Es sind noch übrig', 'Nach der Hälfte von Anna sind es')
    """
    if label in PAIRS:
        return PAIRS[label]
    for english, german in _gapped():
        if found := english.fullmatch(label):
            return _filled(german, found.groups())
    raise InputError(f"no German for the step {label!r}: add a line to LABELS of german.py")


def _filled(text: str, values: Iterable[str]) -> str:
    rest = iter(values)
    return _GAP.sub(lambda _: next(rest), text)


def _gapped() -> Iterator[tuple[re.Pattern[str], str]]:
    """Labels with people or numbers in them, which stand in the same order in both languages."""
    for english, german in PAIRS.items():
        if _GAP.search(english):
            parts = _GAP.split(english)
            yield re.compile("".join(_PATTERNS.get(part, re.escape(part)) for part in parts)), german
