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

## Own time, the diary and the person

kind-other = other activity
problem-time = A time has hours and minutes, such as 08:00.
problem-diary-minutes-none = How many minutes was it? Every minute counts.
problem-diary-minutes-day = { $minutes } minutes are longer than a day. How many minutes was it?
problem-diary-later = { $date } is still to come. It can be noted here once it is done.
problem-diary-undone = This entry was taken out. A new one can be written in its place.
problem-diary-unknown = There is no such entry in the diary. It may have been taken out on another page.
problem-diary-kind = What was it? Any of these can be chosen.
problem-date = A day is written as 2026-05-11.
problem-zone = { $zone } is not in the list of time zones. One such as Europe/Oslo fits.
problem-window-days = On which days? Choose at least one.
problem-window-half = Hours have a start and an end; the other one is here already.
problem-window-equal = The end is the same as the start. When do these hours end?
problem-window-order = The end comes before the start. If these hours go on into the next morning, the box below says so.
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
kind-name = { $kind }
weekday-name = { $weekday }
save = Save
leave-as-it-is = Leave it as it is
field-optional = If you like.
from-hint = Leave it empty if it has always been so.
effort-none = Not said
effort-easy = Easy
effort-brisk = Brisk
effort-hard = Hard
diary-title = Diary
diary-new-title = Add activity
diary-edit-title = Change an entry
diary-add = Add activity
diary-what = What did you do?
diary-quick = { $kind }, { $date }: how long?
diary-else = Another length or another day
diary-kind = What it was
diary-minutes = Minutes
diary-date = Day
diary-at = When it began
diary-effort = How it felt
diary-note = A few words of your own
diary-save = Note it
diary-noted = Noted: { $what }, { $date }. It counts.
diary-empty = Nothing is noted for these weeks. A swim, a bicycle ride, an hour in the garden: what the band cannot see has its place here.
diary-earlier = Earlier weeks
diary-later = Later weeks
diary-on = { $date }
diary-began = From { $time } on
diary-change = Change: { $what }
diary-undo = Take out: { $what }
person-title = You
person-label = What these pages call you
person-label-hint = It stays in this house.
person-language = Language
person-zone = Time zone
person-zone-from = In this time zone from
own-time-title = Your own time
own-time-about = Brisk minutes outside your working hours are your own time. Without working hours all of them are.
own-time-work = Work
own-time-work-also = Work, other hours
own-time-work-third = Work, further hours
own-time-begins = From
own-time-ends = To
own-time-over = These hours go on into the next morning
own-time-sleep = Sleep, every night
own-time-day-start = Your day begins at
own-time-day-start-hint = Midnight suits most people; a later time suits those who work at night.
own-time-from = From which day
own-time-detail = These hours are set in more detail than fits here, and stay as they are until others are filled in: { $week }
