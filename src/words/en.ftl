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

## One small choice a day

choice-title = One small choice
choice-today = One small choice for today:
choice-is-planned = { $situation }: { $choice }
choice-question = Did it fit today?
choice-yes = Yes, done
choice-another = Another idea
choice-not-today = Not today
choice-made = You made your choice today: { $choice } ✓
choice-offer = Would you like one small choice for today?
choice-plan-heading = Plan a choice
choice-plan-hint = A choice that is small enough for an ordinary day works well. One for each day is plenty.
choice-date = For which day?
choice-date-hint = Today, or a day within the next week.
choice-situation = When or where?
choice-situation-hint = For example: on the way home
choice-choice = What would you choose?
choice-choice-hint = For example: get off one stop earlier
choice-save = Keep this choice
choice-list-heading = Your choices
choice-list-none = None is planned yet.
choice-list-day = Day
choice-list-choice = Choice
choice-list-answer = How it went
choice-answer-done = done ✓
choice-answer-not = not that day
choice-answer-open = open
choice-note = A note, if you like
choice-day = { $date }
problem-choice-past = A choice is planned for today or a day to come.
problem-choice-far = That is more than a week ahead; until { $last } fits.
problem-choice-made = Your choice for { $date } is made already. Another day is open.
problem-choice-situation = A few words on when or where make it easier to remember.
problem-choice-choice = A few words on what you would choose, please.
problem-choice-early = { $date } is still to come; it can be answered then.
problem-choice-late = That was more than a week ago, so we leave it open.
problem-choice-none = No choice was planned for { $date }.

## Check-ins

check-in-title = Check-in
check-in-waiting = A short check-in is ready, when it suits you.
check-in-none = There is nothing to answer today.
check-in-leave-out = You can leave out whatever you like.
check-in-send = Done
check-in-thanks = Thank you. That is all for today.
check-in-not-now = Not now
check-in-settings = What is asked
check-in-settings-hint = A check-in is asked only while it is switched on here. Nobody needs one for their plan.
check-in-every = Ask again after so many days
check-in-on = Ask: { $title }
check-in-save = Save
check-in-source = Where these questions are from
check-in-pain-title = How your back has been
check-in-pain-question = How has your back been on average in the last week, from 0 to 10?
check-in-pain-low = no pain
check-in-pain-high = the worst pain you can imagine
problem-check-in-every = Between 1 and 366 days, please.
problem-check-in-twice = Each check-in is named once.
problem-check-in-date = A check-in is for today or a day of the last week.
problem-check-in-off = This check-in is switched off, so nothing was noted.
problem-check-in-unknown = There is no check-in called { $name }; there are { $known }.
problem-check-in-answer = The answer to { $item } is none of those that it offers.

## Notices

notice-heading = For today
notice-new-day = A new day. Your plan is here, whenever it suits you.
notice-review = Your week is ready to be looked back on, whenever you like.
notice-review-link = Look back on the week
notice-band-near = We have not heard from your band for a while. Put it near the box when it suits you.
notice-thanks = Thank you
problem-notice-second = One notice a day is plenty, and today's was shown.

## For whoever looks after the band

helper-heading = For whoever looks after the band
helper-flat-soon = { $band }: the battery is at { $percent } percent. Charging it soon keeps the days whole.
helper-flat-solved = { $band }: the battery is charged again.
helper-silent = { $band }: nothing has arrived since { $since }. What it counted is still on it; put it near the box within the next days, before its memory is full.
helper-silent-total = { $band }: nothing has arrived since { $since }. Put it near the box so that its steps are counted.
helper-silent-solved = { $band }: it was heard again.
