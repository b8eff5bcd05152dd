"""The word problems of the built-in generator that models may be trained on, as data; `drawing.py` reads them.

A template is a block of lines::

    @ name levels                  levels 1 (one step), 2 (two), 3 (two to four), 4 (as 3, larger numbers)
    ? n 2-9|10-99, t = n * k, item: pens/cups    a range (after the bar: for level 4), a derived number, a choice
    - A wording with {n} and {item}.
    = What is worked out: name = n * k           one operation a step; the last one is the answer

``{A}``, ``{B}`` and ``{C}`` are people; ``{he}``, ``{his}`` and ``{him}`` (or ``{He}``, ``{His}``) speak of A.
Draws in which a step is not a positive whole number under 10,000 are thrown away, so ranges may be generous.
Those that are never trained on stand in `held_out.py`.
"""
# ruff: noqa: E501

from __future__ import annotations

SEEN = """
@ found-more 1
? have 3-60, more 2-40, item: coins/stickers/shells/marbles
- {A} has {have} {item}. {He} finds {more} more. How many {item} does {A} have now?
- {A} had {have} {item} yesterday and got {more} more today. How many {item} does {he} have now?
- There were {have} {item} in a box. {A} puts {more} more into it. How many {item} are in the box now?
= Now in all: all = have + more

@ fruit-eaten 1
? have 6-60, gone 2-40, fruit: apples/pears/plums/grapes
- {A} has {have} {fruit}. {He} eats {gone} of them. How many {fruit} are left?
- A bowl holds {have} {fruit}. The children eat {gone} of them. How many {fruit} remain in the bowl?
- {A} picked {have} {fruit} and gave away {gone}. How many {fruit} did {he} keep?
= Left: left = have - gone

@ boxes-of-things 1
? boxes 2-12, each 2-12, item: pens/balls/candles/cups
- There are {boxes} boxes. Each box holds {each} {item}. How many {item} are there in all?
- {A} buys {boxes} boxes of {item}. There are {each} {item} in every box. How many {item} does {he} buy?
- One box has {each} {item}. How many {item} are in {boxes} boxes?
= In all: all = boxes * each

@ share-equally 1
? friends 2-10, each 2-12, total = friends * each, item: sweets/cards/nuts/cookies
- {A} shares {total} {item} equally among {friends} friends. How many {item} does each friend get?
- {total} {item} are divided equally among {friends} children. How many {item} does each child get?
- There are {total} {item} for {friends} children. Every child gets the same number. How many {item} does one child get?
= For each: part = total / friends

@ bare-plus 1
? a 2-99, b 2-99
- What is {a} + {b}?
- {a} + {b} = ?
- Add {a} and {b}. What do you get?
= The sum: sum = a + b

@ bare-minus 1
? a 5-99, b 2-90
- What is {a} - {b}?
- {a} - {b} = ?
- Take {b} away from {a}. What is left?
= The difference: difference = a - b

@ bare-times 1
? a 2-19, b 2-12
- What is {a} * {b}?
- {a} * {b} = ?
- Multiply {a} by {b}. What do you get?
= The product: product = a * b

@ bare-divide 1
? b 2-12, c 2-19, a = b * c
- What is {a} / {b}?
- {a} / {b} = ?
- Divide {a} by {b}. What do you get?
= The quotient: quotient = a / b

@ how-many-more 1
? a 8-90, b 2-70, item: stamps/books/toys/photos
- {A} has {a} {item} and {B} has {b} {item}. How many more {item} does {A} have than {B}?
- {B} owns {b} {item}. {A} owns {a} {item}. How many fewer {item} does {B} own than {A}?
= The difference: more = a - b

@ age-later 1
? age 4-60, years 2-30
- {A} is {age} years old. How old will {he} be in {years} years?
- Today {A} turned {age}. What age will {A} be after {years} more years?
= Age then: then = age + years

@ age-before 1
? age 12-80, years 2-40
- {A} is {age} years old now. How old was {he} {years} years ago?
- {A} is {age} today. {He} moved to this town {years} years ago. How old was {A} then?
= Age then: then = age - years

@ times-as-many 1
? a 2-25, times 3-9, item: beads/cards/shells/pencils
- {A} has {a} {item}. {B} has {times} times as many {item} as {A}. How many {item} does {B} have?
- {B} has {times} times as many {item} as {A}, who has {a} {item}. How many {item} does {B} have?
= {B} has: other = a * times

@ drive-distance 1
? speed 20-90, hours 2-9
- A car drives {speed} miles each hour. How many miles does it drive in {hours} hours?
- {A} drives for {hours} hours at {speed} miles per hour. How many miles does {he} drive?
= Miles: miles = speed * hours

@ speed-from-distance 1
? hours 2-9, speed 5-70, miles = speed * hours
- A train goes {miles} miles in {hours} hours, always at the same speed. How many miles does it go in one hour?
- {A} rides {miles} miles in {hours} hours at a steady speed. What is {his} speed in miles per hour?
= Miles in one hour: speed = miles / hours

@ still-needed 1
? goal 20-150, have 5-120
- {A} needs {goal} dollars for a game. {He} has {have} dollars. How many more dollars does {he} need?
- A bike costs {goal} dollars. {A} has saved {have} dollars so far. How many dollars are still missing?
- {A} wants to save {goal} dollars and already has {have} dollars. How many dollars must {he} still save?
= Still needed: need = goal - have

@ rows-of-chairs 1
? rows 3-15, chairs 4-20
- A hall has {rows} rows with {chairs} chairs in each row. How many chairs are in the hall?
- {A} sets up {rows} rows of chairs. Every row has {chairs} chairs. How many chairs does {he} set up?
= Chairs: all = rows * chairs

@ weeks-to-days 1
? weeks 2-40
- How many days are in {weeks} weeks?
- {A} is away for {weeks} weeks. How many days is {he} away?
- A trip takes exactly {weeks} weeks. How many days is that?
= Days: days = weeks * 7

@ half-given 1
? half 3-60, have = half * 2, item: sweets/cards/pencils/flowers
- {A} has {have} {item} and gives half of them to {B}. How many {item} does {B} get?
- Half of the {have} {item} on the table belong to {A}. How many {item} belong to {A}?
= Half: part = have / 2

@ teams-of 1
? size 2-11, teams 2-14, all = size * teams
- {all} students form teams of {size}. How many teams are there?
- {A} puts {all} players into groups of {size} players. How many groups does {he} make?
- There are {all} children. {size} children can sit at one table. How many tables do they fill?
= Number of groups: groups = all / size

@ pages-left 1
? pages 30-300, read 8-250
- A book has {pages} pages. {A} has read {read} pages. How many pages are left to read?
- {A} is reading a book of {pages} pages and has finished {read} of them. How many pages does {he} still have to read?
= Pages left: left = pages - read

@ square-sides 1
? side 2-80
- Each side of a square is {side} meters long. How many meters is it around the whole square?
- What is the perimeter of a square whose sides are {side} meters long, in meters?
- {A} walks once around a square field. One side is {side} meters long. How many meters does {he} walk?
= Around the square: around = side * 4

@ rectangle-area 1
? long 3-30, wide 2-15
- A room is {long} feet long and {wide} feet wide. What is its area in square feet?
- {A} covers a floor that is {long} feet by {wide} feet. How many square feet does {he} cover?
= Area: area = long * wide

@ animal-legs 1
? count 2-40, animal: cows/dogs/sheep/horses
- All {animal} have 4 legs. How many legs do {count} {animal} have together?
- {A} sees {count} {animal} in a field. Each of them has 4 legs. How many legs do the {animal} have in all?
= Legs: legs = count * 4

@ warmer-colder 1
? start 10-70, change 2-40
- It was {start} degrees in the morning. It got {change} degrees warmer by noon. How many degrees was it at noon?
- At sunrise it is {start} degrees. By lunch it is {change} degrees hotter. What is the temperature at lunch, in degrees?
= Temperature: noon = start + change

@ bakery-distractor 1
? hour 5-11, loaves 20-99, sold 5-90
- A baker opens the shop at {hour} o'clock with {loaves} loaves of bread and sells {sold} of them. How many loaves are not sold?
- {A} starts to sell bread at {hour} o'clock. {He} has {loaves} loaves and sells {sold}. How many loaves does {he} have at the end?
= Not sold: left = loaves - sold

@ bus-stop 2
? on 12-60, off 2-20, up 2-20
- A bus has {on} people on it. At a stop, {off} people get off and {up} people get on. How many people are on the bus now?
- {on} people ride a bus. {off} of them leave at the market, and {up} new people come in. How many people ride the bus after that?
- At the station {off} people leave a bus and {up} others enter it. There were {on} people on the bus before the station. How many are on it after the station?
= After some get off: left = on - off
= After others get on: now = left + up

@ shop-change 2
? count 2-9, price 2-9, paid: 20/50/100, item: pens/cakes/balls/cups
- {A} buys {count} {item} for {price} dollars each. {He} pays with a {paid} dollar bill. How many dollars does {he} get back?
- In a shop {item} cost {price} dollars each. {A} takes {count} {item} and gives {paid} dollars. How much change does {he} get, in dollars?
= Cost: cost = count * price
= Change: change = paid - cost

@ buy-and-one 2
? count 2-9, price 2-12, extra 3-40, item: shirts/books/plates, thing: hat/lamp/bag
- {A} buys {count} {item} at {price} dollars each and a {thing} for {extra} dollars. How many dollars does {he} spend?
- A {thing} costs {extra} dollars. {A} buys one, and also {count} {item} for {price} dollars each. How many dollars does {he} pay in all?
= Cost of the {item}: cost = count * price
= In all: total = cost + extra

@ pool-and-share 2
? a 5-40, b 5-40, people 2-8, item: sweets/nuts/shells
- {A} has {a} {item} and {B} has {b} {item}. They put them together and share them equally among {people} children. How many {item} does each child get?
- {a} {item} from one bag and {b} {item} from another bag are divided equally among {people} children. How many {item} does each child get?
= Together: all = a + b
= For each child: part = all / people

@ boxes-minus 2
? boxes 2-10, each 3-12, gone 2-50, item: eggs/pears/bottles/cakes
- {A} has {boxes} boxes with {each} {item} in each. {gone} of the {item} are sold. How many {item} are left?
- A store gets {boxes} boxes of {item}. There are {each} {item} in a box. The store sells {gone} {item}. How many {item} remain?
= In the boxes: all = boxes * each
= Left: left = all - gone

@ save-weekly 2
? start 5-60, each 2-15, weeks 2-12
- {A} has {start} dollars. {He} saves {each} dollars every week. How many dollars does {he} have after {weeks} weeks?
- For {weeks} weeks {A} puts {each} dollars a week into a jar. The jar had {start} dollars in it at the start. How many dollars are in the jar at the end?
= Saved: saved = each * weeks
= In all: total = start + saved

@ more-than-together 2
? a 4-50, more 2-30, item: cards/stamps/toys/books
- {A} has {a} {item}. {B} has {more} more {item} than {A}. How many {item} do they have together?
- {B} has {more} more {item} than {A}, and {A} has {a} {item}. How many {item} do the two have in all?
= {B} has: other = a + more
= Together: all = a + other

@ fewer-than-together 2
? a 12-70, less 2-30, item: coins/pencils/photos
- {A} has {a} {item}. {B} has {less} fewer {item} than {A}. How many {item} do they have together?
- {A} counts {a} {item}. {B} counts {less} fewer. How many {item} do {A} and {B} count in all?
= {B} has: other = a - less
= Together: all = a + other

@ times-together 2
? a 2-25, times 3-7, item: fish/shells/flowers/beads
- {A} has {a} {item}. {B} has {times} times as many. How many {item} do they have together?
- {A} finds {a} {item}, and {B} finds {times} times as many as {A}. How many {item} do they find altogether?
= {B} has: other = a * times
= Together: all = a + other

@ bare-plus-times 2
? a 2-50, b 2-12, c 2-12
- What is {a} + {b} * {c}?
- Work out {a} + {b} * {c}.
- Find {a} + ({b} * {c}).
= First multiply: product = b * c
= Then add: sum = a + product

@ bare-brackets 2
? a 2-20, b 2-20, c 2-9
- What is ({a} + {b}) * {c}?
- Work out ({a} + {b}) * {c}.
- Add {a} and {b}, then multiply by {c}. What do you get?
= First add: sum = a + b
= Then multiply: product = sum * c

@ bare-times-minus 2
? a 2-15, b 2-12, c 2-90
- What is {a} * {b} - {c}?
- Work out {a} * {b} - {c}.
- Multiply {a} by {b}, then subtract {c}. What is the result?
= First multiply: product = a * b
= Then subtract: difference = product - c

@ bare-divide-plus 2
? b 2-9, q 2-15, a = b * q, c 2-60
- What is {a} / {b} + {c}?
- Work out {c} + {a} / {b}.
- Divide {a} by {b}, then add {c}. What do you get?
= First divide: quotient = a / b
= Then add: sum = quotient + c

@ around-rectangle 2
? long 4-60, wide 2-40
- A garden is {long} meters long and {wide} meters wide. How many meters is it all the way around?
- What is the perimeter of a rectangle that is {long} meters long and {wide} meters wide, in meters?
= One long and one short side: sides = long + wide
= All four sides: around = sides * 2

@ pages-per-day 2
? days 2-9, each 4-30, rest = days * each, read 10-90, pages = rest + read
- {A} has a book of {pages} pages and has read {read} of them. {He} wants to finish it in {days} days, with the same number of pages each day. How many pages must {he} read each day?
- A book has {pages} pages. After {read} pages, {A} has {days} days left to finish it. How many pages a day does {he} have to read?
= Pages left: left = pages - read
= Pages a day: part = left / days

@ half-then-more 2
? half 6-50, have = half * 2, gone 2-30, item: sweets/grapes/cookies
- {A} has {have} {item}. {He} gives half of them to {B} and then eats {gone} more. How many {item} does {A} have left?
- {A} gave away half of {his} {have} {item}. Then {he} lost {gone} of the others. How many {item} does {he} still have?
= After giving half: left = have / 2
= After that: end = left - gone

@ burnt-cookies 2
? trays 2-8, each 4-15, bad 2-20, cake: cookies/rolls/buns
- {A} bakes {trays} trays of {cake} with {each} {cake} on each tray. {bad} {cake} are burnt. How many good {cake} are there?
- On each of {trays} trays there are {each} {cake}. {bad} of all these {cake} fall on the floor. How many {cake} are still on the trays?
= Baked: all = trays * each
= Good ones: good = all - bad

@ pay-and-bonus 2
? hours 3-12, pay 6-20, bonus 5-50
- {A} works {hours} hours for {pay} dollars an hour and gets a bonus of {bonus} dollars. How many dollars does {he} earn in all?
- {A} earns {pay} dollars an hour. {He} worked {hours} hours, and the boss added {bonus} dollars. How many dollars did {A} get?
= Pay: wage = hours * pay
= With the bonus: total = wage + bonus

@ empty-seats 2
? rows 4-15, seats 4-15, taken 5-150
- A bus has {rows} rows of {seats} seats. {taken} seats are taken. How many seats are free?
- In a cinema there are {rows} rows with {seats} seats each. {taken} people sit down, one in each seat. How many seats stay empty?
= All seats: all = rows * seats
= Free seats: free = all - taken

@ hours-and-minutes 2
? hours 2-12, minutes 5-55
- A trip lasts {hours} hours and {minutes} minutes. How many minutes is that?
- {A} walks for {hours} hours and then for {minutes} minutes more. How many minutes does {he} walk in all?
= Minutes in the hours: base = hours * 60
= All minutes: all = base + minutes

@ tank-filling 2
? start 5-80, rate 3-15, minutes 2-12
- There are {start} liters of water in a tank. {rate} liters flow in every minute. How many liters are in the tank after {minutes} minutes?
- Water runs into a pool at {rate} liters a minute for {minutes} minutes. There were {start} liters in the pool before. How many liters are in it now?
= Water added: added = rate * minutes
= In all: total = start + added

@ had-at-first 2
? gave 3-40, lost 2-30, left 2-50, item: marbles/coins/cards/stickers
- {A} gave {gave} {item} to {B} and lost {lost} {item}. Now {he} has {left} {item}. How many {item} did {A} have at first?
- After giving away {gave} {item} and losing {lost} more, {A} has {left} {item} left. How many {item} did {he} start with?
= Gave and lost: gone = gave + lost
= At first: first = gone + left

@ older-brother 2
? age 4-30, older 2-15, years 2-20
- {A} is {age} years old. {B} is {older} years older than {A}. How old will {B} be in {years} years?
- {B} is {older} years older than {A}, who is {age}. What age will {B} be {years} years from now?
= {B} now: now = age + older
= {B} then: then = now + years

@ less-than-twice 2
? a 6-40, less 2-20, item: points/books/photos
- {A} has {a} {item}. {B} has twice as many {item} as {A}, minus {less}. How many {item} does {B} have?
- {B} has {less} fewer than twice as many {item} as {A}. {A} has {a} {item}. How many {item} does {B} have?
= Twice as many: double = a * 2
= {B} has: other = double - less

@ packs-with-distractor 2
? age 7-15, packs 2-9, each 3-12, gave 2-30, item: cards/stickers/pencils
- {A} is {age} years old. {He} buys {packs} packs of {each} {item} and gives {gave} {item} to {B}. How many of these {item} does {A} keep?
- {A}, who is {age} years old, opens {packs} packs. There are {each} {item} in each pack. Then {he} gives {gave} {item} away. How many of the {item} are left?
= In the packs: all = packs * each
= Left: left = all - gave

@ percent-off 2
? hundreds 1-9, price = hundreds * 100, off: 10/20/30/40/50, thing: coat/phone/table
- A {thing} costs {price} dollars. In a sale the price goes down by {off}%. By how many dollars does the price go down?
- {A} gets {off}% off a {thing} that costs {price} dollars. How many dollars does {he} save?
= One percent: one = price / 100
= {off} percent: saved = one * off

@ same-price-each 2
? count 2-9, price 2-12, all = count * price, more 2-12, item: tickets/melons/brushes
- {count} {item} cost {all} dollars. All of them have the same price. How many dollars do {more} {item} cost?
- {A} pays {all} dollars for {count} {item} of the same price. What would {more} such {item} cost, in dollars?
= Price of one: one = all / count
= Price of {more}: cost = one * more

@ two-kinds-basket 3 4
? n 2-9|10-40, p 2-9|5-30, m 2-9|10-40, q 2-9|5-30, one: apples/pens/cups, two: melons/books/plates
- {A} buys {n} {one} for {p} dollars each and {m} {two} for {q} dollars each. How many dollars does {he} spend in all?
- At the market {one} cost {p} dollars each and {two} cost {q} dollars each. {A} takes {n} {one} and {m} {two}. How many dollars must {he} pay?
- {A} needs {n} {one} and {m} {two}. Each of the {one} costs {p} dollars, and each of the {two} costs {q} dollars. What do they cost together, in dollars?
= Cost of the {one}: first = n * p
= Cost of the {two}: second = m * q
= In all: total = first + second

@ basket-change 3 4
? n 2-6|10-20, p 2-6|5-15, m 2-6|10-20, q 2-6|5-15, paid: 50/100/500/1000, one: rolls/lemons/pencils, two: cakes/bottles/bags
- {A} has {paid} dollars. {He} buys {n} {one} at {p} dollars each and {m} {two} at {q} dollars each. How many dollars are left?
- {A} pays {paid} dollars for {n} {one} and {m} {two}. Each of the {one} costs {p} dollars and each of the {two} costs {q} dollars. How many dollars does {he} get back?
= Cost of the {one}: first = n * p
= Cost of the {two}: second = m * q
= Cost in all: cost = first + second
= Left: left = paid - cost

@ bus-two-stops 3 4
? on 15-60|200-900, off 2-15|20-200, up 2-15|20-200, off2 2-15|20-200
- A train has {on} people on it. At the first station {off} people get off and {up} get on. At the second station {off2} people get off. How many people are on the train now?
- {on} people are on a ferry. {off} leave at the first island, where {up} others come on. {off2} leave at the second island. How many people are still on the ferry?
= After the first exit: left = on - off
= After others get on: now = left + up
= After the second exit: end = now - off2

@ farm-legs 3 4
? hens 2-15|40-300, cows 2-15|40-300
- A farm has {hens} hens and {cows} cows. A hen has 2 legs and a cow has 4 legs. How many legs are there in all?
- In a yard there are {cows} goats with 4 legs each and {hens} ducks with 2 legs each. How many legs do all these animals have together?
= Legs of the birds: two = hens * 2
= Legs of the others: four = cows * 4
= All legs: legs = two + four

@ weeks-to-goal 3 4
? weeks 3-15|12-60, each 2-12|15-60, rest = weeks * each, have 5-60|100-900, goal = have + rest
- {A} wants a bike that costs {goal} dollars. {He} has {have} dollars and saves {each} dollars a week. After how many weeks can {he} buy it?
- {A} has {have} dollars. {He} saves {each} dollars each week until {he} has {goal} dollars. How many weeks does that take?
= Still needed: need = goal - have
= Weeks: time = need / each

@ theater-tickets 3 4
? adults 2-12|50-200, price 5-15|8-25, kids 2-15|50-200, less 2-4|3-6
- A ticket for an adult costs {price} dollars. A ticket for a child costs {less} dollars less. How many dollars do {adults} adults and {kids} children pay together?
- {adults} adults and {kids} children go to a show. Adults pay {price} dollars each, and children pay {less} dollars less than adults. How many dollars do all tickets cost?
= A child pays: child = price - less
= All adults: big = adults * price
= All children: small = kids * child
= Together: total = big + small

@ boxes-eaten-shared 3 4
? boxes 2-9|10-40, each 4-12|10-40, gone 2-20|20-300, people 2-8|3-12, item: nuts/dates/cookies
- {A} has {boxes} boxes of {item} with {each} in each box. {He} eats {gone} {item} and shares the rest equally among {people} friends. How many {item} does each friend get?
- There are {each} {item} in each of {boxes} boxes. {gone} of them are bad and thrown away. The others are divided equally among {people} children. How many {item} does each child get?
= In the boxes: all = boxes * each
= Left: rest = all - gone
= For each: part = rest / people

@ fence-cost 3 4
? long 3-20|30-120, wide 2-15|20-90, cost 2-9|5-20
- A field is {long} meters long and {wide} meters wide. A fence goes all the way around it. One meter of fence costs {cost} dollars. How many dollars does the fence cost?
- {A} builds a fence around a garden that is {long} meters by {wide} meters. The fence costs {cost} dollars a meter. What does {he} pay for all of it, in dollars?
= One long and one short side: sides = long + wide
= All the way around: around = sides * 2
= Cost: total = around * cost

@ floor-tiles 3 4
? long 3-12|12-40, wide 2-9|10-30, price 2-6|3-8, extra 5-30|50-300
- A floor is {long} meters long and {wide} meters wide. New tiles cost {price} dollars for each square meter, and the worker takes {extra} dollars. How many dollars does the new floor cost?
- {A} wants a carpet for a room of {long} meters by {wide} meters. Each square meter costs {price} dollars, and bringing it costs {extra} dollars more. What is the whole cost, in dollars?
= Area: area = long * wide
= Cost of the area: cost = area * price
= In all: total = cost + extra

@ three-people 3 4
? a 3-20|50-300, times 3-5, less 2-12|20-150, item: cards/shells/coins/books
- {A} has {a} {item}. {B} has {times} times as many {item} as {A}. {C} has {less} fewer {item} than {B}. How many {item} does {C} have?
- {C} has {less} fewer {item} than {B}, and {B} has {times} times as many {item} as {A}. If {A} has {a} {item}, how many {item} does {C} have?
= {B} has: second = a * times
= {C} has: third = second - less

@ three-people-total 3 4
? a 4-25|60-400, more 2-15|30-200, less 2-15|20-200, item: points/stamps/photos
- {A} has {a} {item}. {B} has {more} more than {A}. {C} has {less} fewer than {B}. How many {item} do all three have together?
- {A}, {B} and {C} count their {item}. {A} has {a}, {B} has {more} more than {A}, and {C} has {less} fewer than {B}. How many {item} are there in all?
= {B} has: second = a + more
= {C} has: third = second - less
= {A} and {B}: two = a + second
= All three: all = two + third

@ two-part-trip 3 4
? h 2-6|3-12, v 10-60|40-90, k 2-6|3-12, w 10-60|40-90
- {A} drives {h} hours at {v} miles per hour and then {k} hours at {w} miles per hour. How many miles does {he} drive in all?
- A truck goes {v} miles per hour for the first {h} hours. For the next {k} hours it goes {w} miles per hour. How far does it go in all, in miles?
= First part: first = h * v
= Second part: second = k * w
= In all: miles = first + second

@ trip-remaining 3 4
? way 100-600|900-3000, h 2-6|4-12, v 20-60|60-120
- The way to the sea is {way} miles. {A} has driven {h} hours at {v} miles per hour. How many miles are left?
- A truck must go {way} miles. It goes {v} miles each hour. How many miles are left after {h} hours?
= Driven: done = h * v
= Left: left = way - done

@ bake-sale 3 4
? trays 2-6|6-20, each 4-12|10-24, price 2-5|2-9, cost 5-40|60-500
- {A} bakes {trays} trays of {each} buns and sells all of them for {price} dollars each. The flour and butter cost {cost} dollars. How many dollars does {he} earn after paying that?
- For a school fair {A} makes {trays} trays with {each} cakes on each. Every cake is sold for {price} dollars. {He} had spent {cost} dollars to make them. How many dollars are left after taking this off?
= Baked: all = trays * each
= Money from the sale: money = all * price
= After the cost: gain = money - cost

@ library-books 3 4
? have 30-90|400-2000, out 4-25|60-350, back 3-20|40-300, new 2-20|30-250
- A library has {have} books on its shelves. Readers take out {out} books and bring back {back} books. Then the library buys {new} new books. How many books are on the shelves now?
- There are {have} books in a school library. {out} are taken home, {back} are brought back, and {new} new ones are bought. How many books are in the library after that?
= After some are taken: less = have - out
= After some come back: more = less + back
= With the new books: all = more + new

@ reading-plan 3 4
? d 2-6|10-30, p 5-20|15-60, e 2-4|5-20, q 10-30|30-90
- {A} reads {p} pages a day for {d} days and then {q} pages a day for {e} days. That is the whole book. How many pages does the book have?
- In the first {d} days {A} reads {p} pages each day. In the next {e} days {he} reads {q} pages each day. How many pages does {he} read altogether?
= First days: first = d * p
= Next days: second = e * q
= In all: pages = first + second

@ class-groups 3 4
? girls 5-30|60-300, boys 5-30|60-300, sick 2-8|5-40, size 2-8|3-12
- There are {girls} girls and {boys} boys at a camp. {sick} of these children are ill today. The others make groups of {size}. How many groups are there?
- A school trip has {girls} girls and {boys} boys, but {sick} children stay at home. The rest walk in groups of {size} children. How many groups walk?
= All children: all = girls + boys
= Without the ill or absent ones: here = all - sick
= Groups: groups = here / size

@ shelves-of-boxes 3 4
? shelves 2-6|5-20, boxes 2-6|5-20, each 2-9|6-20, gone 3-40|50-400, item: jars/toys/balls
- A store has {shelves} shelves. There are {boxes} boxes on each shelf and {each} {item} in each box. {gone} {item} are sold. How many {item} are left?
- Each box holds {each} {item}. Each shelf holds {boxes} boxes, and there are {shelves} full shelves. A man buys {gone} of the {item}. How many {item} are still there?
= Boxes: all = shelves * boxes
= {item} in the boxes: things = all * each
= Left: left = things - gone

@ sale-price-two 3 4
? hundreds 1-4|5-20, price = hundreds * 100, off: 10/20/25/30/40, count 2-4|3-8, item: chairs/lamps/coats
- {item} cost {price} dollars each. In a sale they are {off}% cheaper. How many dollars do {count} {item} cost in the sale?
- A shop takes {off}% off the price of its {item}. They were {price} dollars each before. {A} buys {count} {item}. How many dollars does {he} pay?
= One percent: one = price / 100
= Taken off: less = one * off
= New price: new = price - less
= All of them: total = new * count

@ pay-minus-rent 3 4
? hours 4-9|8-12, days 2-6|10-24, pay 5-15|10-30, rent 20-200|300-2000
- {A} works {hours} hours a day for {days} days and gets {pay} dollars an hour. {He} pays {rent} dollars for {his} room. How many dollars are left?
- For {days} days {A} works {hours} hours each day. {He} gets {pay} dollars for each hour, and {he} spends {rent} dollars of it. How many dollars does {he} keep?
= Hours: all = hours * days
= Money: money = all * pay
= Left: left = money - rent

@ bare-two-products 3 4
? a 2-12|12-60, b 2-12|5-30, c 2-12|12-60, d 2-12|5-30
- What is {a} * {b} + {c} * {d}?
- Work out {a} * {b} + {c} * {d}.
- Find ({a} * {b}) + ({c} * {d}).
= The first product: first = a * b
= The second product: second = c * d
= Then add: sum = first + second

@ bare-bracket-divide 3 4
? a 5-60|200-900, b 2-40|50-400, c 2-9|3-12, d 2-30|40-300
- What is ({a} + {b}) / {c} - {d}?
- Work out ({a} + {b}) / {c} - {d}.
- Add {a} and {b}, divide the result by {c}, then subtract {d}. What do you get?
= First add: sum = a + b
= Then divide: quotient = sum / c
= Then subtract: result = quotient - d

@ bare-double-bracket 3 4
? a 5-30|40-120, b 2-25|20-100, c 2-12|10-40, d 2-40|50-500
- What is ({a} - {b}) * {c} + {d}?
- Work out {d} + ({a} - {b}) * {c}.
- Subtract {b} from {a}, multiply the result by {c}, then add {d}. What do you get?
= First subtract: difference = a - b
= Then multiply: product = difference * c
= Then add: sum = product + d

@ bare-sum-minus 3 4
? a 10-60|300-2000, b 5-50|100-900, c 5-50|100-900, d 2-40|50-600
- What is {a} - {b} + {c} - {d}?
- Work out {a} - {b} + {c} - {d}.
- Start with {a}. Subtract {b}, add {c}, then subtract {d}. What is the result?
= {a} minus {b}: first = a - b
= Then add {c}: second = first + c
= Then subtract {d}: result = second - d

@ family-ages 3 4
? age 4-12|10-20, times 3-5|3-4, less 2-15|10-30, years 2-9|10-30
- {A} is {age} years old. {B} is {times} times as old as {A}. {C} is {less} years younger than {B}. How old will {C} be in {years} years?
- {B} is {times} times as old as {A}, and {C} is {less} years younger than {B}. {A} is {age} years old. How old will {C} be {years} years from now?
= {B} now: second = age * times
= {C} now: third = second - less
= {C} then: then = third + years

@ factory-broken 3 4
? rate 3-12|20-60, hours 3-8|6-12, days 2-5|3-9, bad 3-30|50-400, item: toys/lamps/clocks
- A machine makes {rate} {item} an hour. It runs {hours} hours a day for {days} days. {bad} of the {item} are broken. How many {item} are good?
- For {days} days a machine runs {hours} hours each day and makes {rate} {item} every hour. {bad} {item} are thrown away. How many {item} are kept?
= In one day: daily = rate * hours
= In all days: all = daily * days
= Good ones: good = all - bad

@ eggs-in-cartons 3 4
? hens 3-12|24-60, each 2-6|3-6, days 2-7|6-20, size: 6/12
- {hens} hens lay {each} eggs each in a week. The eggs of {days} weeks are put into boxes of {size}. How many boxes are filled?
- A farmer has {hens} hens, and each hen lays {each} eggs a week. The farmer sells the eggs in boxes of {size}. How many boxes do the eggs of {days} weeks fill?
= Eggs in one week: weekly = hens * each
= All eggs: eggs = weekly * days
= Boxes: boxes = eggs / size

@ fuel-cost 3 4
? per 5-20|10-30, liters 3-15|20-90, miles = per * liters, price 2-6|2-9
- A car goes {per} miles on one liter of fuel. A liter costs {price} dollars. How many dollars does the fuel for {miles} miles cost?
- {A} drives {miles} miles. {His} car needs one liter of fuel for every {per} miles, and a liter costs {price} dollars. How many dollars does {he} pay for the fuel?
= Liters: need = miles / per
= Cost: cost = need * price

@ half-and-third 3 4
? sixth 2-12|30-150, all = sixth * 6, item: sweets/cards/nuts
- {A} has {all} {item}. {He} gives half of them to {B}. Then {he} gives a third of the rest to {C}. How many {item} does {A} have left?
- Half of {A}'s {all} {item} go to {B}. From those that are left, {C} gets one third. How many {item} does {A} keep?
= Left after {B}'s half: rest = all / 2
= {C} gets: third = rest / 3
= Left at the end: left = rest - third

@ marbles-game 3 4
? a 10-40|100-600, b 10-40|100-600, won 2-12|20-150
- {A} has {a} marbles and {B} has {b} marbles. {A} wins {won} marbles from {B}. How many more marbles does {A} have than {B} now?
- {B} has {b} coins, and {A} has {a} coins. Then {B} gives {won} coins to {A}. How many more coins does {A} have than {B} after that?
= {A} now: first = a + won
= {B} now: second = b - won
= The difference: more = first - second

@ parking-levels 3 4
? floors 2-6|5-12, spots 8-30|50-200, cars 5-100|150-900, gone 2-30|30-300
- A car park has {floors} floors with {spots} places on each floor. {cars} cars are parked there, and then {gone} of them leave. How many places are free now?
- There are {floors} floors in a car park and {spots} places on every floor. In the morning {cars} cars came in. By noon {gone} of them had left. How many places were free at noon?
= All places: all = floors * spots
= Cars still there: parked = cars - gone
= Free places: free = all - parked

@ mean-of-three 3 4
? a 2-30|100-900, b 2-30|100-900, c 2-30|100-900
- {A} got {a} points in the first game, {b} in the second and {c} in the third. How many points is that on average for one game?
- What is the average of {a}, {b} and {c}?
- Three bags weigh {a}, {b} and {c} kilograms. What is their average weight in kilograms?
= The first two: two = a + b
= All three: all = two + c
= Average: average = all / 3

@ ribbon-pieces 3 4
? piece: 4/5/10/20/25, meters 2-9|10-60, used 10-90|100-900
- {A} has {meters} meters of ribbon. A meter is 100 centimeters. {He} uses {used} centimeters and cuts the rest into pieces of {piece} centimeters. How many pieces does {he} get?
- A ribbon is {meters} meters long, and a meter is 100 centimeters. First {used} centimeters are cut off. The rest is cut into pieces of {piece} centimeters each. How many pieces are there?
= In centimeters: all = meters * 100
= Left: rest = all - used
= Pieces: count = rest / piece

@ recipe-more-people 3 4
? base 2-6|4-12, each 2-9|5-25, cups = base * each, times 2-5|3-9, people = base * times, have 2-15|10-90
- A soup for {base} people needs {cups} carrots. {A} cooks for {people} people and has {have} carrots already. How many more carrots does {he} need?
- {cups} carrots are needed to make soup for {base} people. {A} has {have} carrots and wants to make soup for {people} people. How many carrots must {he} still buy?
= Carrots for one person: one = cups / base
= Carrots for all: need = one * people
= Still needed: more = need - have

@ concert-distractor 3 4
? start 5-8, rows 4-12|20-60, seats 5-15|20-40, price 2-9|3-9, empty 3-30|20-300
- A show starts at {start} o'clock. The hall has {rows} rows of {seats} seats, and {empty} seats are empty. Each person in a seat paid {price} dollars. How many dollars were paid in all?
- A hall with {rows} rows of {seats} seats opens at {start} o'clock. All seats but {empty} are sold for {price} dollars each. How many dollars does the hall take in?
= All seats: all = rows * seats
= Seats taken: taken = all - empty
= Money: money = taken * price

@ chores-and-play 3 4
? hours 2-5|6-12, work 10-60|70-200, meal 10-40|20-120
- {A} has {hours} hours of free time. {He} cleans {his} room for {work} minutes and eats for {meal} minutes. How many minutes are left?
- {A} has {hours} hours before the bus comes. {He} needs {work} minutes to pack and {meal} minutes for a meal. How many minutes does {he} have left after that?
= Minutes in all: all = hours * 60
= Minutes used: used = work + meal
= Minutes left: left = all - used

@ trees-in-rows 3 4
? rows 3-10|12-40, trees 3-10|12-40, dead 2-20|30-200, fruit 2-9|3-12
- {A} plants {rows} rows of {trees} trees. {dead} trees die. Each of the other trees gives {fruit} baskets of fruit. How many baskets of fruit does {he} get?
- In a garden there are {rows} rows with {trees} trees each, but {dead} trees have no fruit. From every other tree {A} picks {fruit} baskets. How many baskets does {he} pick?
= All trees: all = rows * trees
= Trees with fruit: good = all - dead
= Baskets: baskets = good * fruit

@ two-workers 3 4
? a 3-15|20-90, b 3-15|20-90, hours 2-8|5-20, item: bricks/letters/bags
- {A} can carry {a} {item} an hour and {B} can carry {b} {item} an hour. How many {item} do they carry together in {hours} hours?
- Each hour {A} moves {a} {item} and {B} moves {b} {item}. They work for {hours} hours. How many {item} do the two move in all?
= Together in one hour: rate = a + b
= In all hours: all = rate * hours

@ cheaper-shop 3 4
? count 2-9|10-60, high 6-20|20-90, low 2-15|10-80, item: shirts/balls/books
- In one shop {item} cost {high} dollars each. In another shop they cost {low} dollars each. {A} needs {count} {item}. How many dollars does {he} save in the cheaper shop?
- {A} wants {count} {item}. They cost {high} dollars each in town and only {low} dollars each at the market. How many dollars less does {he} pay at the market?
= Saved on each: one = high - low
= Saved in all: saved = one * count
@ runner-distractor 3 4
? house 12-99, miles 2-9|10-26, days 2-6|10-60, last 2-20|20-90, goal 20-80|300-2000
- {A} lives in house number {house}. {He} runs {miles} miles on each of {days} days and {last} miles on the day after. {His} goal is {goal} miles. How many miles are still missing?
- The goal of {A}, who lives in room {house}, is to walk {goal} miles. {He} walks {miles} miles a day for {days} days, and then {last} miles more. How many miles must {he} still walk?
= In the {days} days: first = miles * days
= With the last day: done = first + last
= Still missing: left = goal - done
"""
