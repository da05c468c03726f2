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

## Own time, the diary and the person

kind-other = other activity
problem-time = A time has hours and minutes, such as 08:00.
problem-diary-minutes-none = How many minutes was it? Every minute counts.
problem-diary-minutes-day = { $minutes } minutes are longer than a day. How many minutes was it?
problem-diary-later = { $date } is still to come. It can be noted here once it is done.
problem-diary-undone = This entry was taken out. A new one can be written in its place.
problem-diary-unknown = There is no such entry in the diary. It may have been taken out on another page.

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
check-in-begin = Begin
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
day-minutes = { $count } min
day-minutes-diary = { $count } + { $diary } min
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
