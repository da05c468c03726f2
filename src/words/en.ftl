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

## The door

door-host = These pages answer under their own names alone. On this computer that is { $url }
door-closed = Other computers are not let in just now. Nothing was changed.
door-elsewhere = This came from another site or another program, so nothing was changed. Open the page here and try again.
door-unknown = This browser has not been let in yet. `brisk web code` gives a code for it.
door-another-person = This browser shows the pages of one person. Ask for that person by name, or use the pages.
door-stale = This page is from an earlier visit, so nothing was changed. Load it again and send it once more.
door-kind = What was sent is neither a form of these pages nor JSON. Nothing was changed.
door-long = That is longer than a form of these pages. Nothing was changed; a shorter text fits.
door-no-pages = No pages are shown here. Start the daemon with `brisk run`, or look at `[web] listen` in the settings.
door-open-house = This is a demo on this computer: no code is needed, and no other computer is let in.
door-cannot-listen = Other computers cannot be listened to: another program may use the port, or `[web] lan_listen` names no address of this computer. Nothing was changed.
door-disk = This could not be written down; is the disk full? Nothing was changed.
page-missing = There is no page with this address.
enter-title = Open Brisk in this browser
enter-code = Code
enter-code-hint = Eight digits, good for ten minutes. This command shows them on the computer that runs Brisk:
enter-submit = Open
enter-known = This browser was let in before: go on
enter-whose = Whose pages does this browser show?
enter-wrong = This is not the code of this moment. Each code is good for one browser and ten minutes; a new one is quickly made.
enter-no-code = A code has eight digits, such as 4821-7730.
enter-wait-seconds = That was tried several times. Let { $count ->
    [one] { $count } second
   *[other] { $count } seconds
} pass, then try again.
enter-wait-minutes = That was tried several times. Let { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
} pass, then try again.

## Who may see these pages

network-title = Who may see these pages
network-others = Other computers and phones
network-closed = Other computers are not let in: these pages are for this computer alone.
network-how-long = Let other computers of this home in
network-hours = { $count ->
    [one] for { $count } hour
   *[other] for { $count } hours
}
network-until-off = until I switch it off
network-expose = Let them in
network-open = Other computers of this home are let in until you switch it off. They find the pages here:
network-open-until = Other computers of this home are let in until { $date }, { $time }. They find the pages here:
network-open-hint = Each browser there needs a code. What it shows travels unencrypted within the network of this home.
network-close = Let them in no more
network-code = A code for another browser
network-code-hint = Each browser needs a code once. It lets one browser in, within ten minutes.
network-code-until = Good for one browser, until { $time }.
network-code-new = Make a new code
network-browsers = Browsers that were let in
network-this-browser = this one
network-since = Since { $date }.
network-seen = Last here on { $date }.
network-revoke = Let { $name } in no more
