#!/usr/bin/env python3
"""Writes almanac.txt, the text that the recipe char-lstm learns when it is given none.

    python3 Shared/BundledData/almanac.py > Shared/BundledData/almanac.txt

The almanac of a village that does not exist: for every other day of two years a date, the weather, something
to see, something to do, and in turn a fable, a recipe, a saying, a riddle or a letter. All words were
written for this course; the same text comes out every time.
"""

import textwrap

state = 20_240_229


def below(limit):
    """A number below `limit` from a linear congruential generator (Knuth's MMIX constants)."""
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 33) % limit


def pick(choices):
    return choices[below(len(choices))]


MONTHS = [
    ("January", 31, "winter"), ("February", 28, "winter"), ("March", 31, "spring"),
    ("April", 30, "spring"), ("May", 31, "spring"), ("June", 30, "summer"),
    ("July", 31, "summer"), ("August", 31, "summer"), ("September", 30, "autumn"),
    ("October", 31, "autumn"), ("November", 30, "autumn"), ("December", 31, "winter"),
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

WEATHER = {
    "winter": [
        "Hard frost, and the pump had to be thawed with a kettle.",
        "Snow in the night, a hand deep by the mill.",
        "Clear and very cold; the stars were sharp until morning.",
        "Grey all day, with a wind that finds every door.",
        "Sleet before noon, then a little sun on wet roofs.",
        "Fog on the river. The bell sounded as if it hung in the next village.",
        "A mild day that nobody trusted.",
        "The pond is frozen to the far bank, but not yet safe.",
    ],
    "spring": [
        "Rain and sun by turns, and twice a rainbow over the mill.",
        "A soft wind from the south, and the first open windows.",
        "Cold in the morning, warm at noon, cold again by supper.",
        "Showers all day; the ducks alone were pleased.",
        "Bright and windy. The washing nearly left for the coast.",
        "The river is high but keeps to its bed.",
        "Late frost in the hollow, none on the hill.",
        "Warm enough to sit on the wall and do nothing.",
    ],
    "summer": [
        "Hot and still. The dogs lay in the road and would not move.",
        "Thunder in the evening, far away over the hills.",
        "A clear sky from edge to edge.",
        "Warm rain at dawn, and steam from the fields until nine.",
        "A dry wind. Dust on every leaf along the road.",
        "The longest light of the week; we read outside until ten.",
        "Hail for five minutes, then sun as if nothing had happened.",
        "Mist in the meadow at six, gone by seven.",
    ],
    "autumn": [
        "Wind all night, and apples on the ground in the morning.",
        "Fog until noon, then a low and golden sun.",
        "Steady rain. The gutters sang.",
        "First frost on the bridge, gone before breakfast.",
        "Clear and cool, with smoke going straight up.",
        "A storm took three tiles from the school.",
        "Grey and mild; a day without edges.",
        "Leaves in every doorway by evening.",
    ],
}

BIRDS = {
    "winter": ["a robin", "two crows", "a heron", "an owl", "a flock of finches"],
    "spring": ["the first swallow", "a blackbird", "a pair of storks", "a cuckoo", "a lark"],
    "summer": ["a kingfisher", "young sparrows", "a nightjar", "seven swifts", "a thrush"],
    "autumn": ["wild geese", "a jay", "starlings by the hundred", "a buzzard", "the last swallow"],
}
PLACES = [
    "by the old mill", "under the bridge", "on the church roof", "behind the bakery",
    "at the edge of the wood", "in the orchard", "along the river", "on the school wall",
    "near the ferry", "in the long meadow", "by the well", "at the crossroads",
]
WATCHERS = [
    "The miller", "The ferryman", "The schoolmaster", "Old Agnes", "The baker's girl",
    "The shepherd", "The smith", "The clockmaker", "The postman", "My neighbour",
]
CHORES = {
    "winter": [
        "Mend the nets and oil the hinges.", "Feed the birds, and sweep the path twice.",
        "Sharpen the saws while the light is poor.", "Bring wood in before it snows again.",
        "Count the jars in the cellar.", "Read the seed list and dream a little.",
    ],
    "spring": [
        "Sow the peas and the broad beans.", "Turn the heap and dig the far bed.",
        "Set the early potatoes.", "Paint the gate before the flies come.",
        "Prune the roses to the third bud.", "Clean the gutters and the beehives.",
    ],
    "summer": [
        "Water before sunrise or not at all.", "Cut the hay while the weather holds.",
        "Pick beans every second day.", "Tie up the tomatoes and shade the lettuce.",
        "Gather lavender at noon, when it is dry.", "Leave the bees alone; they know.",
    ],
    "autumn": [
        "Lift the carrots and store them in sand.", "Press the small apples for cider.",
        "Plant garlic, point upward.", "Rake the leaves, but leave some for the hedgehog.",
        "Bring the pumpkins in before the frost.", "Sweep the chimney.",
    ],
}

ANIMALS = [
    "fox", "hare", "crow", "mouse", "heron", "tortoise", "owl", "hedgehog", "goat", "otter",
    "donkey", "badger", "sparrow", "frog", "cat", "snail",
]
WISHES = [
    ("wanted the moon", "moon", "It was only a reflection in the pond"),
    ("had lost its shadow", "shadow", "It had been standing in the shade all day"),
    ("wished to be the fastest", "prize", "The race had been over since the morning"),
    ("would not share its supper", "supper", "By evening it had gone sour in the sun"),
    ("was afraid of the echo", "echo", "It said nothing that had not been said to it"),
    ("counted its friends", "number", "It had forgotten to count the one who was asking"),
    ("built a house too high", "house", "The wind was glad to have something to push"),
    ("asked for a longer day", "day", "It slept through the hour that it was given"),
]
ADVICE = [
    "Ask the river; it has been everywhere.", "Wait until the morning, and look again.",
    "Put it down, and see whether it follows you.", "Take half of it, and walk.",
    "Tell it to somebody who is smaller than you.", "Carry it to the top of the hill first.",
    "Sit still and let it come closer.", "Begin at the other end.",
]
MORALS = [
    "What you chase runs; what you feed stays.",
    "A good question is half of the road.",
    "Whoever shouts into the well hears only himself.",
    "The slow ones see the flowers.",
    "Small gifts make warm winters.",
    "A door is also a wall; it depends on the hand.",
    "Nobody owns the wind, and everybody uses it.",
    "Better a short bridge than a long quarrel.",
]

DISHES = [
    ("Miller's soup", ["two onions", "a pound of potatoes", "a bay leaf"], "soup"),
    ("Plum cake", ["a basket of plums", "a cup of flour", "three eggs"], "cake"),
    ("Shepherd's bread", ["a pound of rye flour", "a spoon of salt", "warm water"], "bread"),
    ("Green pie", ["spinach and sorrel", "four eggs", "a piece of white cheese"], "pie"),
    ("Ferry stew", ["a fish of two pounds", "three carrots", "a leek"], "stew"),
    ("Apple butter", ["twenty small apples", "a cup of cider", "cinnamon"], "jam"),
    ("Barley porridge", ["a cup of barley", "two cups of milk", "honey"], "porridge"),
    ("Pea pancakes", ["a cup of dried peas", "an egg", "a little mint"], "pancakes"),
]
STEPS = {
    "soup": ["Fry the onions slowly, until they are gold.",
             "Add water and let it talk quietly for half an hour.",
             "Crush half of it with a fork and leave the other half alone."],
    "cake": ["Beat the eggs until your arm complains.", "Lay the fruit on top, close together, like tiles.",
             "Bake it until the kitchen smells of Sunday."],
    "bread": ["Knead until the dough stops clinging to you.", "Cover it and forget it for two hours.",
              "Bake it hot at first, and gently after."],
    "pie": ["Chop everything small and salt it well.", "Roll the dough thin enough to read through.",
            "Close the edges with a fork and bake it brown."],
    "stew": ["Cut all of it into pieces of one bite.", "Start with what is hard and end with what is soft.",
             "Do not stir the fish; shake the pot."],
    "jam": ["Cook it down until the spoon stands.", "Pass it through a cloth while it is warm.",
            "Fill the jars to the brim and turn them over once."],
    "porridge": ["Soak the grain over night.", "Cook it with patience and a wooden spoon.",
                 "Eat it hot, with a window open."],
    "pancakes": ["Soak, drain and mash.", "Form flat cakes, no larger than a palm.",
                 "Fry them in butter until both sides agree."],
}
ENDS = ["Serves four, or two who have been mowing.", "Keeps for three days, but seldom lasts so long.",
        "Better on the second day.", "Give the first piece to a guest.", "Serves six with good bread."]

SAYINGS = [
    ("When {a} sits {p}", "count your wood and shut the door"),
    ("When {a} calls {p}", "leave the coat at home"),
    ("If {a} is late {p}", "the cherries will be early"),
    ("If {a} sleeps {p}", "it will rain before supper"),
    ("Where {a} drinks {p}", "the water is good"),
]
RIDDLES = [
    ("I have a bed but never sleep, and a mouth but never eat.", "A river."),
    ("I am full of holes, and still I hold water.", "A sponge."),
    ("The more you take away, the larger I become.", "A hole."),
    ("I go round the house all night and leave no track.", "The wind."),
    ("I have teeth and bite nobody.", "A comb."),
    ("I have one eye and cannot see.", "A needle."),
    ("You can keep me only when you have given me.", "A promise."),
    ("I speak every language and learned none.", "An echo."),
    ("I grow shorter as I grow older, and brighter at night.", "A candle."),
    ("Without legs I stand, without hands I point.", "A signpost."),
]
NAMES = ["Agnes", "Bruno", "Clara", "Emil", "Frieda", "Jonas", "Marta", "Oskar", "Paula", "Theo"]
NEWS = [
    "the roof is finished and the cat approves of it",
    "we have a new bridge, and the old one is for sale",
    "the clock goes again, though not always forward",
    "your letter came on the same day as the rain",
    "the school has a piano with almost all of its keys",
    "the bees have moved into the post box",
    "we danced until the lamp went out, and then a little more",
    "the goat has eaten the map, so nobody is leaving",
]
ASKS = [
    "Bring a lantern when you come", "Send seeds, and some blue thread",
    "Tell me how your garden is", "Write before the snow does", "Keep a chair for me by the stove",
    "Say hello to the mule",
]


def article(animal):
    return ("an " if animal[0] in "aeiou" else "a ") + animal


def within(watcher):
    """A watcher within a sentence: all but a name loses its capital."""
    return watcher if "Agnes" in watcher else watcher[0].lower() + watcher[1:]


def fable():
    first = pick(ANIMALS)
    second = pick([animal for animal in ANIMALS if animal != first])
    third = pick([animal for animal in ANIMALS if animal not in (first, second)])
    wish, thing, truth = pick(WISHES)
    lines = [
        f"{article(first).capitalize()} {wish}, and told everybody so.",
        f'"{pick(ADVICE)[:-1]}," said the {second}.',
        f'"{pick(ADVICE)[:-1]}," said the {third}.',
        pick([
            f"The {first} did both, and neither helped.",
            f"The {first} thanked them and did nothing of the kind.",
            f"So the {first} set out {pick(PLACES)}, and came back at dusk.",
        ]),
        f"There was no {thing} to be found. {truth}.",
        pick(MORALS),
    ]
    return " ".join(lines)


def recipe():
    name, parts, kind = pick(DISHES)
    listed = ", ".join(parts[:-1]) + " and " + parts[-1]
    return f"{name}. Take {listed}. " + " ".join(STEPS[kind]) + " " + pick(ENDS)


def saying(season):
    beginning, end = pick(SAYINGS)
    return "They say: " + beginning.format(a=article(pick(ANIMALS)), p=pick(PLACES)) + f", {end}."


def riddle():
    question, answer = pick(RIDDLES)
    return f"A riddle. {question} What am I? {answer}"


def letter():
    sender = pick(NAMES)
    receiver = pick([name for name in NAMES if name != sender])
    return (f"Dear {receiver}, {pick(NEWS)}. Also, {pick(NEWS)}. {pick(ASKS)}. "
            f"Yours, {sender}.")


def entry(place, weekday, day, month, season):
    kinds = [fable, recipe, lambda: saying(season), fable, riddle, letter]
    bird = pick(BIRDS[season])
    seen = pick([
        f"{pick(WATCHERS)} saw {bird} {pick(PLACES)}.",
        f"{pick(WATCHERS)} heard {bird} {pick(PLACES)}, and stopped to listen.",
        f"There was {bird} {pick(PLACES)}; {within(pick(WATCHERS))} saw it too."
        if not bird.endswith(("s", "hundred", "crows", "geese")) and not bird.startswith("seven")
        else f"{pick(WATCHERS)} counted {bird} {pick(PLACES)}.",
    ])
    text = " ".join([pick(WEATHER[season]), seen, pick(CHORES[season])])
    return (f"{weekday}, {day} {month}\n" + textwrap.fill(text, 78) + "\n\n"
            + textwrap.fill(kinds[place % len(kinds)](), 78) + "\n")


def main():
    print("THE ALMANAC OF LOWER MILLBROOK\n")
    number = 0
    place = 0
    for _ in range(2):
        for month, days, season in MONTHS:
            for day in range(1, days + 1):
                if number % 2 == 0:
                    print(entry(place, DAYS[number % 7], day, month, season))
                    place += 1
                number += 1


main()
