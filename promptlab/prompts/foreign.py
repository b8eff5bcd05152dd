"""Material that has nothing to do with a question: plain prose, and exemplars of other domains; promptlab's own."""

from __future__ import annotations

from promptlab.types import Question

# Without digits, number words, questions or instructions: nothing in it can be copied as an answer.
PROSE = """\
The harbour wakes before the town does. Gulls walk along the wall and look down into the boats, where nets lie in grey \
heaps beside coils of rope. A man in a wool cap opens the shutters of the small office and hangs his coat behind the \
door. The water is still, and the masts stand in it upside down until the ferry comes in and breaks them into pieces. \
Later the women from the bakery cross the square with trays on their shoulders, and the smell of warm bread drifts \
past the chapel and up the narrow street. Cats wait on the steps. Somebody waters the geraniums on a balcony, and the \
drops fall on the stones below and dry at once.

Behind the town the path climbs through olive trees. The bark is rough and silver, and the leaves turn their pale side \
to the wind. In spring the ground between the trunks is full of poppies; in autumn people spread cloths there and beat \
the branches with long canes. Higher up the soil grows thin, and only thyme and low pines hold on to the rock. From \
the ridge the sea looks like a sheet of hammered metal, and the islands seem to float a little above it. Shepherds \
used to sleep in the stone hut near the spring. Its roof has fallen in, yet the hearth is black with old smoke, and \
swallows nest above the lintel.

In the evening the light goes slowly. Children kick a ball against the wall of the school until their mothers call \
them in. Old men play cards under the plane tree and argue about the weather, the price of fish and the new road. The \
lamps along the quay come on, yellow and soft, and moths begin to circle them. A radio plays a waltz behind a curtain. \
Out on the water the fishing boats light their lanterns, and from the shore they look like a string of beads that \
somebody has dropped and not yet picked up. When the wind turns, the halyards tap against the masts, and that sound \
goes on through the night, long after the windows are dark.

Winter is quieter. The hotels close, the chairs are stacked under canvas, and rain runs down the lanes in brown \
streams. Fishermen mend their nets indoors and paint the hulls that were pulled up on the slip. The library stays \
warm, so the readers sit there longer than they need to, turning pages and listening to the gutters. Now and then a \
storm throws weed and driftwood over the wall, and the next morning everybody walks along the beach to see what the \
sea has left: a bottle, a broken oar, a length of blue rope, a sandal, smooth pieces of green glass."""


def _exemplar(number: int, text: str, rationale: str, answer: str, domain: str) -> Question:
    return Question(f"other-{number}", text, (answer,), "text", cluster=domain, meta={"rationale": rationale})


OTHER_DOMAIN = tuple(
    _exemplar(number, *parts)
    for number, parts in enumerate(
        (
            ("Which city is the capital of Portugal?", "Portugal is governed from Lisbon.", "Lisbon", "geography"),
            (
                "Which ocean lies between Africa and Australia?",
                "East of Africa the next ocean is the Indian Ocean, and Australia is on its far side.",
                "the Indian Ocean",
                "geography",
            ),
            (
                "On which continent is Peru?",
                "Peru lies on the Pacific coast, between Ecuador and Chile. Both are in South America.",
                "South America",
                "geography",
            ),
            (
                "Which river flows through Cairo?",
                "Cairo is in Egypt, just before the river of Egypt spreads into its delta. That river is the Nile.",
                "the Nile",
                "geography",
            ),
            (
                "Which colour do you get when you mix blue and yellow paint?",
                "Blue paint takes away red light, yellow paint takes away blue light. Green is left.",
                "green",
                "colours",
            ),
            (
                "Which colour does a ripe tomato have?",
                "Most tomatoes are green at first and change when they ripen. Ripe ones are red.",
                "red",
                "colours",
            ),
            (
                "Which colour is the outer edge of a rainbow?",
                "Red light is bent the least, so it comes from the highest angle, at the outside of the arc.",
                "red",
                "colours",
            ),
            (
                "All cats are animals. Tom is a cat. Is Tom an animal?",
                "Tom is a cat. Every cat is an animal. So Tom is an animal.",
                "yes",
                "logic",
            ),
            (
                "No fish can sing. Nemo is a fish. Can Nemo sing?",
                "Nemo is a fish. No fish can sing. So Nemo cannot sing.",
                "no",
                "logic",
            ),
            (
                "Anna is taller than Ben. Ben is taller than Carl. Who is the shortest?",
                "Anna is above Ben, and Ben is above Carl. Nobody is below Carl.",
                "Carl",
                "logic",
            ),
            (
                "If it rains, the street is wet. The street is dry. Does it rain?",
                "If it rained, the street would be wet. It is dry. So it does not rain.",
                "no",
                "logic",
            ),
            ("What is the opposite of early?", "Early means before the time. After the time is late.", "late", "words"),
            (
                "Which word does not belong with the others: apple, pear, chair, plum?",
                "Apple, pear and plum are fruits. A chair is furniture.",
                "chair",
                "words",
            ),
            (
                "Which animal gives us honey?",
                "Honey is made from nectar in a hive. The animals that live in hives are bees.",
                "the bee",
                "nature",
            ),
            (
                "Which gas do plants take from the air to grow?",
                "Plants build sugar from water and a gas that animals breathe out. That gas is carbon dioxide.",
                "carbon dioxide",
                "nature",
            ),
            (
                "Which season comes after winter?",
                "When winter ends, days get longer and buds open. That is spring.",
                "spring",
                "nature",
            ),
        )
    )
)
