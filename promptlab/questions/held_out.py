"""Word problems that no model may be trained on, in the notation of `templates.py`.

They were written before any model was trained, and differ from `templates.SEEN` in situation and wording.
"""
# ruff: noqa: E501

from __future__ import annotations

HELD_OUT = """
@ stairs-climbed 1
? steps 20-200, done 5-180
- A tower has {steps} steps. {A} stops to rest on step {done}. How many steps are still above {him}?
- {A} climbs a tower with {steps} steps and is standing on step {done}. How many more steps are there to the top?
= Steps above: up = steps - done

@ spider-eyes 1
? spiders 2-40
- A spider has 8 eyes. How many eyes do {spiders} spiders have?
- {A} looks at {spiders} spiders under a glass. Each has 8 eyes. How many eyes look back at {him}?
= Eyes: eyes = spiders * 8

@ rope-cut 1
? pieces 2-12, length 2-15, rope = pieces * length
- A rope of {rope} yards is cut into {pieces} equal parts. How long is one part, in yards?
- {A} cuts {rope} yards of rope into {pieces} parts of the same length. How many yards long is each part?
= One part: part = rope / pieces

@ choir-joins 1
? choir 5-60, join 2-40
- {choir} singers stand on the stage. {join} singers join them. How many singers stand there then?
- A choir had {choir} members last year. This year {join} people joined and nobody left. How many members does it have this year?
= Singers: all = choir + join

@ think-of-number 2
? add 2-40, start 2-50
- {A} thinks of the number {start}, doubles it and adds {add}. What is the result?
- {A} picks the number {start}. First {he} doubles it. Then {he} adds {add}. Which number does {he} reach?
= Doubled: double = start * 2
= With {add} added: end = double + add

@ elevator-ride 2
? start 3-20, up 2-30, down 2-30
- An elevator is on floor {start}. It goes up {up} floors and then down {down} floors. On which floor does it stop?
- {A} enters an elevator on floor {start}, rides {up} floors up, and then comes back down {down} floors. On what floor is {he}?
= After going up: high = start + up
= After going down: end = high - down

@ swim-lengths 2
? lengths 2-20, pool: 25/50, rest 50-400
- A swimming pool is {pool} meters long. {A} swims its length {lengths} times, then swims {rest} meters in a lake. How many meters does {he} swim altogether?
- In the morning {A} swims {rest} meters in the sea. In the evening {he} swims {lengths} lengths of a pool that is {pool} meters long. How many meters did {he} swim that day?
= In the pool: water = lengths * pool
= Altogether: all = water + rest

@ tower-blocks 2
? blocks 2-15, height 2-9, goal 30-150
- {A} stacks {blocks} blocks. Each block is {height} inches high. {He} wants a tower of {goal} inches. How many inches are missing?
- A tower should be {goal} inches high. So far it is made of {blocks} blocks, and each block adds {height} inches. By how many inches is the tower too low?
= Height so far: high = blocks * height
= Missing: missing = goal - high

@ campers-tents 2
? tents 3-20, beds 2-6, campers 5-60
- A camp has {tents} tents, and {beds} people can sleep in each tent. {campers} campers have come. For how many more people is there room?
- In {tents} tents with room for {beds} sleepers each, {campers} scouts lie down to sleep. How many places to sleep are not used?
= Room in the tents: room = tents * beds
= Not used: free = room - campers

@ honey-hives 3 4
? hives 3-12|20-90, honey 3-9|10-40, own 2-15|30-200, price 2-8|4-9
- Each of {hives} hives gives {honey} pounds of honey. The beekeeper keeps {own} pounds for the family and sells the other pounds at {price} dollars a pound. How many dollars does the beekeeper get?
- A beekeeper with {hives} hives takes {honey} pounds of honey out of each hive. {own} pounds are given away. Every other pound brings {price} dollars. How many dollars does the honey bring?
= Honey: all = hives * honey
= Sold: sold = all - own
= Money: money = sold * price

@ chess-points 3 4
? wins 2-12|20-90, draws 2-9|10-60, fee 2-5|5-30, point 3-5
- In a chess club a win gives {point} points and a draw gives 1 point. {A} has {wins} wins and {draws} draws. Then {he} loses {fee} points for coming late. How many points does {he} have in the end?
- {A} wins {wins} chess games and draws {draws}. A win counts {point} points and a draw counts 1 point. {fee} points are taken off because {he} came late. What is {his} final score?
= Points for wins: first = wins * point
= With the draws: second = first + draws
= In the end: end = second - fee

@ potato-sacks 3 4
? sacks 3-12|20-80, weight 5-20|20-50, rotten 2-20|20-300, bag 2-5|3-8
- A cook opens {sacks} sacks of potatoes of {weight} kilograms each. {rotten} kilograms are rotten. The cook fills the good potatoes into bags of {bag} kilograms. How many bags does that make?
- {sacks} potato sacks weigh {weight} kilograms each. After {rotten} kilograms have been thrown out, what remains is packed in bags of {bag} kilograms. How many bags are packed?
= Potatoes: all = sacks * weight
= Good ones: good = all - rotten
= Bags: bags = good / bag

@ piano-practice 3 4
? week 10-40|30-90, days 3-6|10-24, end 20-60|60-200, twice 2-4|4-12
- {A} plays the piano {week} minutes on each of {days} school days and {end} minutes on each of {twice} free days. How many minutes of piano is that?
- On a school day {A} practices the piano for {week} minutes. On a free day {he} practices for {end} minutes. How many minutes does {he} practice in {days} school days and {twice} free days?
= School days: first = week * days
= Free days: second = end * twice
= Altogether: all = first + second

@ snail-wall 3 4
? up 4-12|20-60, down 2-6|5-30, days 3-9|10-40
- A snail on a wall climbs {up} inches every day and slides back {down} inches every night. How many inches above its start is it after {days} days and {days} nights?
- Every day a snail climbs {up} inches up a tree, and every night it slides down {down} inches. It starts on the ground. How high is it, in inches, after {days} days and {days} nights?
= Gained in a day and night: gain = up - down
= After all days: high = gain * days

@ candle-halves 3 4
? long 20-40|60-400, burn 2-4|2-9, hours 2-5|4-20
- A candle is {long} centimeters tall and burns down {burn} centimeters an hour. It burns for {hours} hours. A second candle is half as tall as the first one is then. How tall is the second candle, in centimeters?
- Each hour a candle of {long} centimeters gets {burn} centimeters shorter. After {hours} hours {A} cuts what is left into two equal pieces. How many centimeters long is each piece?
= Burned: gone = burn * hours
= Height now: now = long - gone
= Half of it: half = now / 2

@ museum-groups 3 4
? groups 3-9|20-60, size 4-15|10-30, guides 2-6|20-80, late 2-20|20-150
- {groups} school classes with {size} pupils each visit a museum, along with {guides} teachers. {late} of all these visitors leave early. How many visitors stay until closing time?
- A museum counts its visitors: {groups} classes of {size} pupils each, and {guides} teachers. Before lunch {late} visitors go home. How many of the visitors are in the museum at lunch?
= Pupils: pupils = groups * size
= All visitors: all = pupils + guides
= Still there: stay = all - late

@ puzzle-evenings 3 4
? rows 5-12|20-40, wide 5-15|20-50, done 3-30|50-400, evenings 2-6|5-15
- A puzzle has {rows} rows of {wide} pieces. {A} has placed {done} pieces. {He} places the others in {evenings} evenings, the same number each evening. How many pieces is that for one evening?
- {A} lays a puzzle that is {rows} pieces high and {wide} pieces wide. {done} pieces lie in place. The missing ones will be laid over {evenings} evenings in equal parts. How many pieces is one part?
= Pieces: all = rows * wide
= Missing: missing = all - done
= For one evening: part = missing / evenings

@ well-buckets 3 4
? small 3-9|10-30, big 2-5|10-30, n 2-9|10-40, m 2-9|10-40
- A small bucket holds {small} liters. A big bucket holds {big} liters more than a small one. {A} carries {n} full small buckets and {m} full big buckets from the well. How many liters does {he} carry?
- {A} brings water from a well: {n} small buckets and {m} big ones, all full. {small} liters fit in a small bucket, and {big} liters more fit in a big one. How many liters of water does {A} bring?
= A big bucket: large = small + big
= Small buckets: first = n * small
= Big buckets: second = m * large
= All water: all = first + second

@ dance-pairs 3 4
? men 4-20|60-300, women 4-20|60-300, gone 2-8|10-100
- {men} men and {women} women come to a dance. {gone} people only watch. All the others dance in pairs. How many pairs dance?
- At a dance there are {women} women and {men} men. {gone} of them sit down, and everybody else dances, two by two. How many pairs are dancing?
= All people: all = men + women
= Dancing: dancing = all - gone
= Pairs: pairs = dancing / 2
"""
