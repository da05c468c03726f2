# What Brisk says, in English. Principles (docs/words.md): say what was done, credit the person, offer and never order,
# nothing about the back, no comparison, no day in a row. A test refuses the words that frighten or scold.

## Numbers and dates

number = { $count }
date = { $date }
weekday = { $day }
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
amount-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
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

unit-leisure-brisk-min = { $count ->
    [one] minute of brisk walking in your own time
   *[other] minutes of brisk walking in your own time
}
unit-brisk-min = { $count ->
    [one] minute of brisk walking
   *[other] minutes of brisk walking
}
unit-bout-min = { $count ->
    [one] minute of brisk walking in longer stretches
   *[other] minutes of brisk walking in longer stretches
}
unit-leisure-min = { $count ->
    [one] minute of activity in your own time
   *[other] minutes of activity in your own time
}
unit-steps = { $count ->
    [one] step
   *[other] steps
}
unit-diary-min = { $count ->
    [one] minute of { $kind }
   *[other] minutes of { $kind }
}

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
beside-some = { $left } to go if you feel like it.
beside-met = You did what you planned. ✓
beside-over = That is more than you planned, and it counts.
beside-evening = Every minute counts. Tomorrow is open.
beside-evening-steps = Every step counts. Tomorrow is open.
beside-steps-only = This band does not tell us how fast, so we show the steps and leave the minutes open.
today-plan = Your plan for today: { $plan }.
today-week-so-far = This week so far: { $done } of { $target }.
today-between = Between { $low } and { $high } minutes of it were brisk.
today-parts = { $measured } measured + { $diary } from your diary
today-heard = Last heard from your band: { $time }.
today-heard-on = Last heard from your band: { $date }, { $time }.
today-battery = Band battery: { $percent } percent.
today-blinded = Your band is recording. Thank you for wearing it.
today-bar = Today's plan
today-bar-of = { $done } of { $target }
today-bar-over = { $done }, with { $target } planned
today-numbers = Today in numbers
today-row-brisk = Minutes of brisk walking
today-row-diary = Minutes from your diary
today-row-plan = Planned for today
today-row-steps = Steps
today-add = Add activity
today-pause = Pause my plan
today-pause-until = Until the end of
today-pause-hint = Everything you do still counts, and your plan stays as it is.
today-pause-send = Pause
today-my-week = My week
today-my-plan = My plan
today-clock-unset = The clock of this computer has not been set yet, so no day is shown. What the band tells is kept and dated later.
today-clock-wait = It sets itself as soon as it reaches the network.
today-to-setup = No band is known here yet. Set one up

## The frame

exposed = Other computers can open these pages just now.
exposed-setup = Look at the setting

## The page Week

week-title = Week from { $from } to { $to }
week-picture-steps = Steps, day by day
week-picture-minutes = Minutes, day by day
week-before = Week before
week-after = Week after
week-this = This week
week-print = A page to print
week-plan-day = Your plan for a day: { $plan }.
week-plan-week = Your plan for the week: { $plan }.
week-plan-none = No plan this week. Whatever you do counts.
week-paused = Your plan is paused. Everything you do still counts.
week-days-met = { $count ->
    [one] You did what you planned on { $count } day. ✓
   *[other] You did what you planned on { $count } days. ✓
}
week-met = You did what you planned for the week. ✓
week-so-far = { $done } of { $plan } so far.
week-walked = { $days ->
    [one] You walked briskly on { $days } day, { $minutes } minutes in all.
   *[other] You walked briskly on { $days } days, { $minutes } minutes in all.
}
week-diary = From your diary: { $minutes } minutes.
week-steps = { $steps } steps in all.
week-nothing = Nothing is known of this week, so we leave it open.
week-table = The week in numbers
week-table-day = Day
week-table-brisk = Brisk minutes
week-table-diary = Diary minutes
week-table-steps = Steps
week-table-all = All
week-key-brisk = Brisk walking
week-key-steps = Steps
week-key-diary = From your diary
week-key-target = Your plan
week-key-cannot-tell = Steps, and no telling how fast
week-open-number = –
day-with-diary = { $count } + { $diary }
day-number-word = { $number }, { $word }
day-number-met = { $number } ✓
day-met = done as planned ✓
day-paused = paused
day-excused = taken out of the plan
day-not-worn = not worn
day-open = open
day-cannot-tell = cannot tell
day-so-far = so far
day-partly = partly known
day-measured = measured
day-to-come = to come
week-blinded = Your band is recording. Here is what has arrived.

## The page My band

band-title = My band
band-none = No band is known here yet.
band-set-up = Set one up
band-unnamed = Band
band-heard = Last heard: { $date }, { $time }.
band-heard-never = Nothing has arrived from it yet.
band-battery = Battery: { $percent } percent.
band-battery-unknown = It has not told how full its battery is.
band-class-m = It keeps every minute and hands it over later, so brisk minutes can be counted.
band-class-h = It keeps longer spans and hands them over later: we know the steps, and not how fast they were.
band-class-c = It tells a running total alone: we know the steps, and how fast they were while it is near the box.
band-bond-passkey = It was paired with digits, so the box knows that it is yours.
band-bond-just-works = It was paired without digits. Another device could take its place.
band-bond-none = Its connection is open: others nearby could listen or take its place.
band-bond-simulated = It is a simulated band.
band-doing-starting = The box has just started.
band-doing-looking = The box is looking for it now.
band-doing-syncing = Its minutes are coming in now.
band-doing-waiting = The box waits until it is time to ask again.
band-forgotten = The box does not look for it any more. What it told is kept.
band-says = What the band says, and what we counted
band-says-steps = Steps, { $date }
band-says-band = The band
band-says-counted = We counted
band-says-no-total = It sends minutes and no total of its own.
band-says-at = { $steps } at { $time }
band-why = Why the two may differ
band-why-later = Steps since it was last heard are still on the band.
band-why-lost = { $count ->
    [one] { $count } minute was overwritten on the band before it could be fetched.
   *[other] { $count } minutes were overwritten on the band before they could be fetched.
}
band-why-undated = { $count ->
    [one] { $count } minute is kept and cannot be dated yet. It is counted as soon as the band's clock is known.
   *[other] { $count } minutes are kept and cannot be dated yet. They are counted as soon as the band's clock is known.
}
band-why-put-aside = { $count ->
    [one] { $count } piece could not be read. It is kept as it came, and stands in no total.
   *[other] { $count } pieces could not be read. They are kept as they came, and stand in no total.
}
band-why-conflicts = { $count ->
    [one] { $count } minute came twice with different values. The first is counted, both are kept.
   *[other] { $count } minutes came twice with different values. The first is counted, both are kept.
}
band-why-two = You wear two bands. Of each minute the better one counts, and they are not added.
band-why-day = A band may begin its day at another hour than these pages.
band-next = What you can do
band-next-well = Nothing. Wear it and charge it as you like.
band-next-near = Put the band near the box for a few minutes.
band-next-wake = Wake its screen, so that it can be heard.
band-next-charge = Charge it, best beside the box.
band-next-other-app = Another phone or app may be holding it: close that app once, or switch Bluetooth off on that phone.
band-next-pair = Pair it again. Everything that has arrived is kept.
band-next-pair-link = To the setup page
band-next-confirm = When the band asks, touch it to say yes.
band-next-box = Unplug the box for ten seconds and plug it in again.
band-next-helper = Ask whoever set the box up to open the setup page: it says what it found.
band-next-wait = Nothing. The box sets it right by itself.
band-technical = For whoever set the box up

## The page to print

print-title = { $from } to { $to }
print-how = Press Ctrl and P, or choose Print in the menu of the browser.
print-week = My week
print-plan = My plan
print-plan-none = No plan just now.
print-diary = My diary
print-diary-none = Nothing noted this week.
print-diary-line = { $date }: { $kind }, { $minutes } minutes
print-diary-entry = { $date }: { $kind }
print-diary-more = and { $count } more
print-when-where = When and where: { $text }
print-because = Because: { $text }
print-days = On: { $days }
