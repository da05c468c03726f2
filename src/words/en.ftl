# What Brisk says, in English. Principles (docs/words.md): say what was done, credit the person, offer and never order,
# nothing about the back, no comparison, no day in a row. A test refuses the words that frighten or scold.

## Numbers and dates

number = { $count }
date-in-words = { $weekday } { $day } { $month }
date-with-year = { $weekday } { $day } { $month } { $year }
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December

## Amounts

amount-leisure-brisk-min = { $count ->
    [one] { $count } minute of brisk walking in your own time
   *[other] { $count } minutes of brisk walking in your own time
}
amount-brisk-min = { $count ->
    [one] { $count } minute of brisk walking
   *[other] { $count } minutes of brisk walking
}
amount-bout-min = { $count ->
    [one] { $count } minute of brisk walking in longer stretches
   *[other] { $count } minutes of brisk walking in longer stretches
}
amount-leisure-min = { $count ->
    [one] { $count } minute of activity in your own time
   *[other] { $count } minutes of activity in your own time
}
amount-steps = { $count ->
    [one] { $count } step
   *[other] { $count } steps
}
amount-diary-min = { $count ->
    [one] { $count } minute of { $kind }
   *[other] { $count } minutes of { $kind }
}
kind-swim = swimming
kind-cycle = cycling
kind-gym = gym
kind-garden = gardening
kind-walk = walking
kind-dance = dancing

## Today

today-nothing-yet = A new day. Your plan is { $plan }, whenever it suits you.
today-some = { $done } so far. { $left } to go if you feel like it.
today-met = You did what you planned: { $done }. ✓
today-over = { $done } today. That is more than you planned, and it counts.
today-evening = { $done } today. Every minute counts. Tomorrow is open.
today-evening-steps = { $done } today. Every step counts. Tomorrow is open.
today-no-plan = No plan for today. Whatever you do counts.
today-no-plan-done = No plan for today. { $done } so far.
today-week-plan = Your plan is for the week; the days are yours to choose.
today-week-plan-done = { $done } today. Your plan is for the week; the days are yours to choose.
today-paused = Your plan is paused until the end of { $until }. Everything you do still counts.
today-excused = Today is taken out of your plan. Everything you do still counts.
today-not-synced = { $heard } Put the band near the box so that we can count today's steps.
today-not-synced-safe = { $heard } Your steps are safe on the band. Put it near the box to bring them in.
today-not-worn = The band was not worn on { $weekday }, so we leave that day open.
today-steps-only = You took { $steps }. This band does not tell us how fast, so we show the steps and leave the minutes open.
today-open = Part of today is not known, so we leave it open. Everything you do counts.
today-nothing-arrived = Nothing has arrived from your counter yet.
heard-never = We have not heard from your band yet.
heard-not-since = We have not heard from your band since { $since }.

## What does not fit

problem-pause-until = The pause begins on { $from }; let it end then or later.
problem-reason-blank = A few words on the reason help whoever reads the record later.
problem-amount-minutes-day = { $amount } does not look like a plan; { $low } to { $high } minutes per day can be chosen.
problem-amount-minutes-week = { $amount } does not look like a plan; { $low } to { $high } minutes per week can be chosen.
problem-amount-steps-day = { $amount } does not look like a plan; { $low } to { $high } steps per day can be chosen.
problem-amount-steps-week = { $amount } does not look like a plan; { $low } to { $high } steps per week can be chosen.
problem-days-none = Choose at least one day of the week.
problem-goal-until = The goal begins on { $from }; let its last day be then or later.
problem-review-early = The goal begins on { $from }; choose a day to look at it again after that.
problem-confidence = How sure are you, from 0 (not at all) to 10 (quite sure)?
problem-text-long = This has room for { $most } letters; a shorter text fits.
problem-code = A code has 1 to 32 letters, digits, `_` or `-`.
problem-date-far = That is more than five years away; is the year right?
problem-from-past = Days gone by keep what was agreed for them; this can begin today, { $today }, or later.
problem-goal-id = There is already a goal called { $id }; { $free } is free.

## Every page

skip-to-content = Go to the page
menu = Pages
menu-today = Today
menu-week = Week
menu-plan = My plan
menu-diary = Diary
menu-review = Review
menu-band = My band
menu-privacy = Privacy
menu-setup = Setup
trouble-title = This cannot be shown just now
trouble-back = Back to today

## The page Today

today-title = Today, { $date }

## The page Privacy

privacy-title = What is kept of you
privacy-back = Back to what is kept of you
privacy-kept = What is kept
privacy-since = What your counter counted, since { $date }.
privacy-nothing-counted = Nothing that a counter counted.
privacy-readings = { $count ->
    [one] { $count } reading of { $label }.
   *[other] { $count } readings of { $label }.
}
privacy-shared = Somebody else in this home wore it too; each sees their own days.
privacy-goals = { $count ->
    [0] No goals yet.
    [one] { $count } goal, as you set it.
   *[other] { $count } goals, as you set them.
}
privacy-diary = { $count ->
    [0] Nothing in your diary yet.
    [one] { $count } entry of your diary.
   *[other] { $count } entries of your diary.
}
privacy-check-ins = { $count ->
    [one] { $count } check-in that you answered.
   *[other] { $count } check-ins that you answered.
}
privacy-where = All of it lies on this computer, { $size } with that of everybody in this home, in the folder
privacy-who = Who can see it
privacy-who-here = Your pages open on this computer, in a browser that was let in with a code. Other computers are not let in.
privacy-who-exposed = Your pages open on this computer and, just now, on others in your home network, each after a code.
privacy-who-others = Others in this home have pages of their own.
privacy-who-disk = Whoever can use this computer as its owner, or takes its disk along, can read the files.
privacy-left = What left this house
privacy-left-nothing = Nothing.
privacy-left-taken = You took everything with you:
privacy-left-on = on { $date }
privacy-left-targets = It is sent nowhere: no study, no maker and no service gets anything from here.
privacy-take = Take my data
privacy-take-what = Everything that is kept of you as one file, a zip with tables that any spreadsheet opens, and a page that explains them. What you take is yours to look after.
privacy-take-blinded = The file holds all numbers, also those that your pages leave out for now.
privacy-take-button = Take my data
privacy-erase = Erase
privacy-erase-what = You can have everything that is kept of you erased. There is no way back; the next page says what happens.
privacy-erase-link = Go to erasing
privacy-erase-title = Erase what is kept of you
privacy-erase-gone = This goes, from every file on this computer that Brisk keeps:
privacy-erase-gone-readings = every reading of your days, and the days made of them
privacy-erase-gone-words = your goals, your diary, your answers and your own words
privacy-erase-gone-counter = your counter is not looked for any more; what it holds itself stays in it
privacy-erase-stays = This stays: one line that says that somebody was erased, when, and how much it was. It names nobody. Copies that you made yourself, and what you took with you, are yours to look after.
privacy-erase-first = If you would like to keep a copy, take it before:
privacy-erase-type = To go on, type { $id } and press the button.
privacy-erase-confirm = Your id
privacy-erase-other = That is not { $id }. Nothing was erased.
privacy-erase-button = Erase everything
privacy-erased-title = Everything of you is erased
privacy-erased = { $count ->
    [one] { $count } record was taken out, and nothing of you is left here.
   *[other] { $count } records were taken out, and nothing of you is left here.
}
privacy-receipt = Your receipt
privacy-receipt-keep = It shows that you were erased, and it is kept nowhere here. Save it if you may want to show that one day.
privacy-receipt-save = Save the receipt

## The page that explains what somebody takes away

takeout-readme = Everything that Brisk kept of { $person } on { $date }

    days.csv        one row a day; every column is explained in codebook.csv
    weeks.csv       one row a week, explained in codebook_weeks.csv
    minutes.csv     every minute that is known, with its steps
    readings.jsonl  every reading as the counter said it, one a line; one that came twice stands twice
    goals.csv       the goals, with the days on which they were in force
    diary.csv       the diary
    check_ins.csv   answers to check-ins
    decisions.jsonl everything that was decided and written down, in order, nothing left out
    datapackage.json, datapackage_weeks.json describe the tables to programs

    An empty cell is unknown, never zero. A minute that is not listed is not known either.
    Times that end in Z are UTC; start_local is the time on the wall. at_least marks a number that may have been larger.
    "by" says who decided; "number" is the counter's own number of a reading.
    All files are UTF-8 text. Any spreadsheet opens the tables.
