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
today-nothing-arrived = Nothing has arrived from your band yet.
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
problem-choice-far = That is more than a week ahead; any day up to { $last } fits.
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
check-in-settings-hint = A check-in is asked only while it is switched on here. Your plan works without one.
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
problem-check-in-answer = The answer to { $item } is not one of those that it offers.

## Notices

notice-heading = For today
notice-new-day = A new day. Your plan is here, whenever it suits you.
notice-review = You can look back on your week, whenever you like.
notice-review-link = Look back on the week
notice-band-near = We have not heard from your band for a while. Put it near the box when it suits you.
notice-thanks = Thank you
problem-notice-second = One notice a day is plenty, and today's was shown.

## For whoever looks after the band

helper-heading = For whoever looks after the band
helper-flat-soon = { $band }: the battery is at { $percent } percent. Charging it soon keeps the days whole.
helper-flat-solved = { $band }: the battery is charged again.
helper-silent = { $band }: nothing has arrived since { $since }. What it counted is still on it; put it near the box soon, before its memory is full.
helper-silent-unsure = { $band }: nothing has arrived since { $since }. Put it near the box; what it still holds is fetched then.
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
today-parts-diary = All of it is from your diary.
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
    [one] You walked briskly on { $days } day
   *[other] You walked briskly on { $days } days
}, { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
} in all.
week-diary = From your diary: { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.
week-steps = { $steps ->
    [one] { $steps } step in all.
   *[other] { $steps } steps in all.
}
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
day-beside-diary = { $count }, diary { $diary }
day-diary = diary { $diary }
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
    [one] { $count } minute of the band is not kept here: it was overwritten before it could be fetched, or erased.
   *[other] { $count } minutes of the band are not kept here: they were overwritten before they could be fetched, or erased.
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
print-diary-line = { $date }: { $kind }, { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}
print-diary-entry = { $date }: { $kind }
print-diary-more = and { $count } more
print-when-where = When and where: { $text }
print-because = Because: { $text }
print-days = On: { $days }

problem-diary-kind = What was it? Any of these can be chosen.
problem-zone = { $zone } is not in the list of time zones. One such as Europe/Oslo fits.
problem-window-days = On which days? Choose at least one.
problem-window-hours = Which hours are these? To leave these days free, take their ticks away.
problem-window-half = Hours have a start and an end; the other one is here already.
problem-window-equal = The end is the same as the start. When do these hours end?
problem-window-order = The end comes before the start. If these hours go on into the next morning, tick the box below.
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
own-time-more = Other hours on other days
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

## What is wrong, and the next step

trouble-no-bus = This computer's message bus (D-Bus) does not answer, and Bluetooth is reached through it.
trouble-service-down = This computer's Bluetooth service is not running.
trouble-service-stuck = This computer's Bluetooth service runs, but does not answer.
trouble-no-adapter = This computer has no Bluetooth adapter that can be used.
trouble-blocked = Bluetooth is blocked on this computer, by a switch or by a setting (rfkill).
trouble-adapter-off = The Bluetooth adapter of this computer is switched off.
trouble-not-heard = The counter was not heard: it is out of reach, asleep, or held by another app.
trouble-steps-stay = Its steps stay on it, as long as its memory lasts.
trouble-held-elsewhere = The counter was near a moment ago and then fell silent: most likely another app or phone holds it.
trouble-pairing-lost-here = This computer has lost its pairing with the counter.
trouble-pairing-lost-there = The counter has forgotten its pairing with this computer, as after a reset of the counter.
trouble-wrong-key = The counter does not accept the key: it was paired elsewhere meanwhile, or the key is not its own.
trouble-no-key = The counter needs a key of its own, and there is none here.
trouble-not-confirmed = Nobody confirmed on the counter in time.
trouble-not-ready = The counter is not set up to record, or its own app for this is not there.
trouble-other-counter = Another counter of the same kind answered. Nothing of it was taken.
trouble-link-broke = The connection broke off. What had arrived is stored.
trouble-lossy-link = Some of it did not arrive. What arrived whole is stored.
trouble-silent = The counter stopped answering. What it had sent is stored.
trouble-refused = The counter refused to answer.
trouble-bad-answer = The counter answered in a way that its protocol does not allow. What was good is stored, the rest is put aside.
trouble-no-end = The counter never came to the end of its transfer and was cut off. What was good is stored.
trouble-busy = The counter is busy with something else.
trouble-version = The counter speaks a newer protocol than this program. Nothing was changed on it.
trouble-differs = The counter holds other data than those stored here. Both are kept, and it was told to forget nothing.
trouble-not-stored = This computer could not store what the counter sent.
trouble-disk-full = The disk of this computer is full, so nothing new can be stored.
trouble-read-only = The disk of this computer can be read and not written to: often that is an old memory card.
trouble-clock-unset = This computer's clock has not been set yet, so no day is shown. Readings are kept and dated later.
trouble-wrong-zone = The time zone of the settings is another than that of this computer, so days may begin at another hour than meant.
trouble-battery-flat = The counter's battery is flat or nearly so.
trouble-memory-runs-out = The counter has not been heard for long, and its memory is full soon, if it is not already.
trouble-counter-clock-off = The counter's own clock was far off. Readings with impossible stamps were put aside.
trouble-broker-silent = The MQTT broker of this home cannot be reached, so displays show nothing new. Nothing is lost.
trouble-broker-refuses = The MQTT broker of this home does not let Brisk in, so displays show nothing new. Nothing is lost.
trouble-failure = The Bluetooth system reported that something did not work.
next-no-bus = Restart the computer; unplug it for ten seconds if that does not help.
next-service-down = Start it: `sudo systemctl enable --now bluetooth`.
next-service-stuck = Restart it: `sudo systemctl restart bluetooth`. If that does not help, unplug the computer for ten seconds.
next-no-adapter = Plug a Bluetooth adapter in, or enable the one inside.
next-blocked = Unblock it: `sudo rfkill unblock bluetooth`, or use the switch on the computer.
next-adapter-off = Switch it on: `bluetoothctl power on`.
next-not-heard = Bring it near this computer, wake its screen, and close other apps that use it.
next-held-elsewhere = Close that app, or switch Bluetooth off on that phone, once.
next-pairing-lost-here = Pair again: `brisk device pair`. All data are kept, and the person stays the same.
next-wrong-key = Pair again with the right key: `brisk device pair`. All data are kept.
next-not-confirmed = Try again, and touch the counter when it vibrates or asks.
next-not-ready = Set it up once as `docs/devices.md` says for its kind.
next-other-counter = Bring the right counter near; if this one is new, pair it: `brisk device pair`.
next-link-broke = It is tried again by itself. Bringing the counter closer helps.
next-refused = If it happens again, pair again: `brisk device pair`.
next-bad-answer = `brisk data verify` shows what was put aside. Please report it, with `brisk device capture`.
next-version = Update this program.
next-differs = Please report it. `brisk data verify` shows both.
next-not-stored = Is the disk full, or can it only be read? `brisk doctor` looks.
next-disk-full = Free some space. The counter keeps what was not stored.
next-read-only = Restart the computer; if it comes back, replace the memory card. The counter keeps what was not stored.
next-clock-unset = Connect the computer to the network, or wait.
next-wrong-zone = Set `[clock] zone` in brisk.toml, or the zone of this computer, to where the person lives.
next-battery-flat = Charge the counter, best beside this computer.
next-memory-runs-out = Bring it near this computer soon, so that its oldest days come in as well.
next-counter-clock-off = Nothing: its clock has been set. If it happens again, its battery may be old.
next-broker-silent = Check `broker` under `[home_assistant]` in brisk.toml, and that the broker runs. It is tried again by itself.
next-broker-refuses = Check `user` and the file of `secret` under `[home_assistant]` in brisk.toml; only its owner may be able to read that file.
next-failure = It is tried again by itself. If it stays, restart the computer.

## What doctor looks at

look-disk = writing to the disk
look-clock = the clock of this computer
look-zone = the time zone of the settings beside that of this computer
look-radio = the Bluetooth service and its adapter
look-broker = the MQTT broker that displays of this home listen to
look-counter = counter { $name } ({ $kind })
look-counter-plain = a counter ({ $kind })

## On a display of this home

display-minutes-brisk = Brisk minutes today
display-minutes = Minutes today
display-plan = Planned for today
display-steps = Steps today
display-battery = Band battery

## The page Setup

setup-title = Setting up
setup-about = From the first start to the first steps on this page: take the steps in order, in your own time.
setup-all-done = Everything is set up. Nothing more is needed.
setup-step-done = Done ✓
setup-step-next = This comes next
setup-step-later = Later
setup-back = Back to the steps of setting up
setup-change = Change it
setup-network-change = Change who can open them
setup-person = 1. The person
setup-person-stands = These pages are for { $name }. Days begin and end in the time zone { $zone }.
setup-own-time = 2. Own time
setup-own-time-all = No working hours are set, so all waking time counts as own time.
setup-own-time-set = Working hours or sleep are set.
setup-band = 3. The band
setup-band-none = No band belongs here yet.
setup-band-there = A band belongs here.
setup-band-find = Find the band
setup-band-look = Look at the band
setup-first = 4. The first reading
setup-first-waiting = Nothing has arrived yet. It comes by itself once the band is paired and near.
setup-first-heard = The band was heard on { $date } at { $time }.
setup-first-look = See today
setup-network = 5. Who can open these pages
setup-network-closed = This computer alone. Other computers and phones are not let in.
setup-network-open = Other computers of this home are let in just now.
setup-check = 6. A last look
setup-check-about = Disk, clock, radio and band can be looked at whenever you like.
setup-check-look = Look at everything
setup-next-band = No band belongs here yet. Setting one up takes a few minutes.
setup-next-go = Set up
setup-next-waiting = The band is paired. Its first steps are on their way; keep it near this computer.

## The page for pairing the band

band-title = The band
band-no-radio = There is no radio here: these pages show data without the running program. Start it with `brisk run`, and a band can be paired.
band-about = Lay the band beside this computer and wake its screen. Then listen for it.
band-listen = Listen for the band
band-listen-again = Listen once more
band-listen-another = Listen for another band
band-listening = Listening for bands. Wake the band's screen: it says for about three minutes that it is there.
band-looking = Looking for the band. Keep its screen awake.
band-pairing = Connecting with the band.
band-reading = { $stored ->
    [one] Bringing in what the band holds: { $stored } minute so far.
   *[other] Bringing in what the band holds: { $stored } minutes so far.
}
band-reading-left = { $stored ->
    [one] Bringing in what the band holds: { $stored } minute so far, { $left } to go.
   *[other] Bringing in what the band holds: { $stored } minutes so far, { $left } to go.
}
band-looks-again = This page looks again by itself.
band-look-now = Look now
band-heard-none = No band was heard.
band-help = What helps, the likeliest first
band-help-wake = Wake the band's screen: it then says for about three minutes that it is there.
band-help-near = Bring the band within two metres of this computer.
band-help-app = Close other apps that use the band, or switch Bluetooth off on that phone for now.
band-help-charge = Put the band on its charger for ten minutes.
band-help-restart = Restart the band.
band-help-computer = Unplug this computer for ten seconds.
band-which = Which band is it?
band-more = More about it
band-address = Its radio address is { $address }. A name can be given by anybody; whose band it is shows once it is paired.
band-label = What you call it
band-label-hint = Such as "blue band". It can stay empty.
band-from = First day on which it was worn
band-from-hint = Leave it empty when everything on the band is this person's.
band-key = Its key
band-key-hint = Some bands have a key from their maker: 32 digits and letters from a to f. docs/devices.md says where it stands.
band-whose = Whose band is it?
band-nobody = Nobody's
band-pair = Pair this band
band-digits-title = Type the six digits that the band shows
band-digits = Six digits
band-digits-hint = Such as 012 345. Zeros in front count.
band-digits-send = These are the digits
band-answer-stop = Leave it for now
band-compare-title = Does the band show these six digits?
band-compare-yes = Yes, the same
band-compare-no = No, others
band-show-title = Type these six digits into the band
band-tap-title = Touch the band now: it vibrates or asks
band-until = The band waits until { $time }. After that you can begin anew, as often as you like.
band-done = The band is paired ✓
band-done-kind = It is of the kind { $kind }.
band-done-not-all = Not everything is in yet; the rest comes by itself.
band-done-next = Go on
band-bond-digits = The link is encrypted, and the digits were compared: nobody can listen in or stand in between.
band-bond-no-digits = The link is encrypted. This band offers no digits to compare, so somebody near could have stood in between while it was paired. Every reading says so.
band-bond-none = The link with this band is not encrypted: anybody near can read it. Every reading says so.
band-bond-simulated = It is a simulated band: no radio is involved, and every reading says so.
band-not-paired = The band is not paired yet
band-ended-refused = The digits were others, or one side said no. Nothing was changed. You can try again right away.
band-ended-not-answered = The time ran out before an answer came. Nothing was changed. You can try again right away.
band-ended-several = Several bands are in reach. Listen once more and choose one.
band-ended-whose = The band is paired, and still counts for whoever wore it before. Say below whose it is, and from which day.
band-home = Bands of this home
band-home-none = None yet.
band-worn = { $name } wears it.
band-worn-since = { $name } wears it since { $from }.
band-nobodys = Nobody wears it.
band-identity = Kind: { $kind }. Identity: { $id }.
band-assign = Whose is it?
band-assign-title = Whose band is it?
band-assign-from = From which day?
band-assign-from-hint = Days before stay with whoever wore it then.
band-assign-send = Note it
band-forget = Let it go
band-forget-title = Let this band go?
band-forget-about = { $name } is then not looked for any more, and its keys are removed. Everything that it brought in stays.
band-forget-send = Let it go
band-keep = Leave it as it is
problem-band-none = Choose the band that is meant.
problem-band-person = Choose one of the people of this home.
problem-band-date = A day is written like 2026-05-14.
problem-band-date-later = That day has not come yet; today is { $today }.
problem-band-key = A key has 32 digits and letters from a to f.
problem-assign-from = Somebody wears this band: from which day is it another's?
problem-digits-none = Type the six digits that the band shows.
problem-digits-letters = The band shows digits alone, such as 012 345; there is something else among these.
problem-digits-count = { $count ->
    [one] The band shows six digits; here is { $count }.
   *[other] The band shows six digits; here are { $count }.
}

## The page that looks at everything

check-title = A look at everything
check-well = All is well.
check-found = There is something to do
check-next = What to do:
check-looked = What was looked at
check-fine = ✓ In order: { $what }
check-not = Worth a look: { $what }
check-again = Look once more
check-report = A report for whoever helps
report-title = A report for whoever helps
report-about = This is all that would be saved: no names and no steps. You can take lines out before you save it. It goes nowhere by itself.
report-label = The report
report-save = Save it as a file
report-leave = Leave it

## The plan and its review

problem-review-past = That day has gone by; today, { $today }, or a later day fits.
problem-programme-unknown = There is no programme called { $name }; there are { $known }.
problem-proposal-name = A proposal is called by its week and its kind, such as { $example }, and is answered in its week.
proposal-stale = The plan has changed since this was shown, so it is left as it is. What can be chosen now is shown anew.
review-not-yet = That week is still under way; there is something to look back on from { $from } on.
problem-proposal-answered = You have already chosen for that week; the plan can still be changed.
proposal-keep = Keep the plan as it is.
proposal-less = A smaller size, if that fits better just now.
proposal-after-hard-week = A smaller size may fit the next week better. Keeping the same one is just as good.
proposal-after-pause = Welcome back. This is a size that felt comfortable before.
proposal-weekly-percent = { $weeks ->
    [one] After a week in which { $reached } percent of the plan or more was done, { $percent } percent more can be tried.
   *[other] After { $weeks } weeks in which { $reached } percent of the plan or more was done, { $percent } percent more can be tried.
}
proposal-percentile = When your last { $days } days with the band are put in order of size, this is number { $rank }.
proposal-build-up = { $weeks ->
    [one] After a week that went as planned, the next step is { $minutes } minutes on { $days } days.
   *[other] After { $weeks } weeks that went as planned, the next step is { $minutes } minutes on { $days } days.
}
proposal-quota-start = A start at { $percent } percent of the mean of your last { $days } days with the band.
proposal-quota-step = The next step of your plan, { $weeks ->
    [one] a week
   *[other] { $weeks } weeks
} after the last one, as it was laid out.
evidence-days = Week from { $from }: planned on { $planned ->
    [one] { $planned } day
   *[other] { $planned } days
}, done on { $met }.
evidence-amount = Week from { $from }: { $done }, of { $target } planned.
evidence-aside = Week from { $from }: partly paused, so it is left out.
evidence-open = Week from { $from }: not known, so it is left open.
review-days = { $days ->
    [one] You were active on { $days } day: { $done }.
   *[other] You were active on { $days } days, { $done } in all.
}
review-week-met = You did what you planned for the week. ✓
review-days-met = { $days ->
    [one] On { $days } day you did what you planned. ✓
   *[other] On { $days } days you did what you planned. ✓
}
review-best-day = Your fullest day was { $day }: { $done }.
review-diary = You also wrote down { $count ->
    [one] { $count } minute of { $kind }
   *[other] { $count } minutes of { $kind }
}.
review-choices = { $count ->
    [one] You made { $count } small choice.
   *[other] You made { $count } small choices.
}
review-good-to-see-you = Good to see you.
review-day-open = { $weekday } is not known to us, so we leave that day open.
review-week-open = Nothing of this week has reached us, so we leave it open.
review-question-no-plan = Would you like to make a plan for the week to come?
review-question-paused = Shall we start again from a size that feels easy?
review-question-well = What helped? And how would you like the next week to be?
review-question-hard = Would you like to keep the plan, make it smaller, or choose other days?
review-question-gap = Shall we start from a size that feels easy?
review-question-keep = Would you like to keep the plan, or change something about it?
review-title = Looking back on the week
review-blinded = While your study is under way, it keeps the numbers to itself. Your plan in your own words is on the page My plan.
review-week = { $from } to { $to }
review-went-well = What went well
review-open = What stays open
review-question = One question
review-next = The next week
review-chosen = You chose: { $size }.
review-other = Something else: change the plan
review-weeks = Other weeks
review-before = The week before
review-latest = The latest week
proposal-title-keep = The same
proposal-title-less = A little less
proposal-title-more = A little more
proposal-take = Take this
proposal-take-keep = Keep it
proposal-decline = Not this time
proposal-why = What this rests on
plan-title = My plan
plan-change-title = Change my plan
plan-none = There is no plan just now. Whatever you do counts.
plan-make = Make a plan
plan-change = Change my plan
plan-keep = Keep it as it is
plan-to-review = Look back on the week
plan-look-again = You wanted to look at this plan again on { $day }.
plan-resume = Go on with my plan
plan-pause-title = A pause
plan-pause-until = Pause until the end of
plan-pause-hint = Nothing is lost in a pause, and everything you do still counts.
plan-pause-reason = A word on why, if you like
plan-pause = Pause my plan
plan-end-summary = End this plan
plan-end-about = From today on there is no plan, until you make a new one. What was planned and done stays in your record.
plan-end = End this plan
plan-check-ins = Check-ins: what is asked here, and how often
plan-programme-title = Programmes
plan-programme-about = A programme is a way to plan and look back. Nothing in it changes your plan without you.
plan-programme-which = Which one fits you?
plan-programme-none = None: my plan is my own
plan-programme-use = Use this one
plan-history = All my plans
plan-goes-on = goes on
plan-size = How much
plan-since = From
plan-until = Last day
plan-day = { $day }
plan-per-day = { $amount }, each day
plan-per-day-on = { $amount } a day, on { $days }
plan-per-week = { $amount } a week
plan-own-words = My plan in my own words
plan-own-words-hint = As you would say it to a friend.
plan-specific = What
plan-specific-hint = Such as: walk to the lake and back.
plan-when-where = When and where
plan-when-where-hint = Such as: after lunch, with the neighbour.
plan-because = Why it matters to me
plan-because-hint = This is for you.
plan-measure = What counts
plan-amount = How much
plan-amount-hint = Minutes or steps, in digits.
plan-period = For each day, or for the week?
plan-period-day = For each planned day
plan-period-week = For the whole week; the days are mine to choose
plan-days = On which days
plan-from = First day
plan-from-hint = Left open, it begins today.
plan-until-hint = Left open, it goes on until you change it.
plan-review-on = Look at it again on
plan-review-hint = A day on which you would like to look at your plan again.
plan-confidence = How sure I am
plan-confidence-hint = From 0 (not at all) to 10 (quite sure).
plan-confidence-is = { $sure } of 10
plan-stage = Where I stand
plan-decided = Who decided
plan-decided-person = I did
plan-decided-together = I did, with my therapist
plan-therapist = Code of my therapist
plan-therapist-hint = When you decided together and have one.
plan-set = Set this plan
plan-back = Back to my plan
plan-stale = The plan changed while this page was open. What you wrote is kept here: send it once more to set it.
stage-precontemplation = I am not thinking about more activity just now
stage-contemplation = I am thinking about it
stage-preparation = I do some, and am on my way
stage-action = I am active, for less than half a year
stage-maintenance = I am active, for more than half a year
stage-unsaid = I would rather not say
measure-leisure-brisk-min = Minutes of brisk walking in my own time
measure-leisure-min = Minutes of brisk walking in my own time, and of what I write into the diary
measure-steps = Steps
measure-brisk-min = Minutes of brisk walking, at work too
measure-bout-min = Minutes of brisk walking in longer stretches
problem-date = Choose a day in the calendar, or write it as year-month-day, such as 2026-05-14.
problem-number = Write how much in digits, such as 20.
problem-measure = Choose what counts from the list.
problem-pause-open = Choose the last day of the pause.

## The door

door-host = These pages answer to their own names alone. On this computer that is { $url }
door-closed = Other computers are not let in just now. Nothing was changed.
door-elsewhere = This came from another site or another program, so nothing was changed. Open the page here and try again.
door-unknown = This browser has not been let in yet. `brisk web code` gives a code for it.
door-another-person = This browser shows the pages of one person. Ask for that person by name, or use the pages.
kept-back = While your study is under way, it keeps numbers to itself. The pages show what there is to see.
door-stale = This page is from an earlier visit, so nothing was changed. Load it again and send it once more.
door-kind = What was sent is neither a form of these pages nor JSON. Nothing was changed.
door-long = That is longer than a form of these pages. Nothing was changed; a shorter text fits.
door-slow = What was sent did not arrive in full within a minute, so nothing was changed. Send it again.
door-no-pages = No pages are shown here. Start the daemon with `brisk run`, or look at `[web] listen` in the settings.
door-open-house = This is a demo on this computer: no code is needed, and no other computer is let in.
door-cannot-listen = Other computers cannot be let in: another program may use the port, or `[web] lan_listen` names no address of this computer. Nothing was changed.
door-disk = This could not be written down; is the disk full? Nothing was changed.
page-missing = There is no page with this address.
enter-title = Open Brisk in this browser
enter-code = Code
enter-code-hint = Eight digits, good for ten minutes. This command shows them on the computer that runs Brisk:
enter-submit = Open
enter-known = This browser was let in before: go on
enter-whose = Whose pages does this browser show?
enter-wrong = This is not the present code. Each code is good for one browser and ten minutes; a new one is quickly made.
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
network-close = Stop letting them in
network-code = A code for another browser
network-code-hint = Each browser needs a code once. It lets one browser in, within ten minutes.
network-code-until = Good for one browser, until { $time }.
network-code-new = Make a new code
network-browsers = Browsers that were let in
network-this-browser = this one
network-since = Since { $date }.
network-seen = Last here on { $date }.
network-revoke = Stop letting { $name } in

## The page Privacy

privacy-title = What is kept about you
privacy-back = Back to what is kept about you
privacy-kept = What is kept
privacy-since = What your band counted, since { $date }.
privacy-nothing-counted = Nothing that a band counted.
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
privacy-who-browsers = Browsers that were let in
privacy-who-here = Your pages open on this computer, in a browser that was let in with a code. Other computers are not let in.
privacy-who-exposed = Your pages open on this computer and, just now, on others in your home network, each after a code.
privacy-who-others = Others in this home have pages of their own.
privacy-who-disk = Whoever can use this computer as its owner, or takes its disk along, can read the files.
privacy-left = What left this house
privacy-left-nothing = Nothing.
privacy-left-taken = You took everything with you:
privacy-left-on = on { $date }
privacy-left-open = Other computers in your home network were let in. Whatever a browser there showed, after a code, left this computer:
privacy-left-from = from { $date }, { $time }, until { $end }, { $ended }
privacy-left-since = since { $date }, { $time }
privacy-left-display = Today's numbers, as far as your pages show them, are told to the MQTT broker at { $broker }, for displays of
    this home. Whoever may listen there can see them.
privacy-left-display-before = Earlier, numbers of this home were told to an MQTT broker, for displays. That is switched off now.
privacy-left-study = { $count ->
    [0] Your study gets your days, each once it is over, at { $place }. None was sent yet.
    [one] Your study gets your days, each once it is over, at { $place }: { $count } so far.
   *[other] Your study gets your days, each once it is over, at { $place }: { $count } so far.
}
privacy-left-targets = It is sent nowhere: no study, no maker and no service gets anything from here.
privacy-take = Take my data
privacy-take-what = Everything that is kept about you as one file, a zip with tables that any spreadsheet opens, and a page that explains them. What you take is yours to look after.
privacy-take-blinded = The file holds all numbers, also those that your pages leave out for now.
privacy-take-button = Take my data
privacy-erase = Erase
privacy-erase-what = You can have everything that is kept about you erased. There is no way back; the next page says what happens.
privacy-erase-link = Go to erasing
privacy-erase-title = Erase what is kept about you
privacy-erase-gone = This goes, from every file on this computer that Brisk keeps:
privacy-erase-gone-readings = every reading of your days, and the days made of them
privacy-erase-gone-words = your goals, your diary, your answers and your own words
privacy-erase-gone-counter = your band is not looked for any more; what it holds itself stays in it
privacy-erase-stays = This stays: one line that says that somebody's records were erased, when, and how many they were. It names nobody. Copies that you made yourself, and what you took with you, are yours to look after.
privacy-erase-first = If you would like to keep a copy, take it before:
privacy-erase-type = To go on, type { $id } and press the button.
privacy-erase-confirm = Your id
privacy-erase-other = That is not { $id }. Nothing was erased.
privacy-erase-button = Erase everything
privacy-erased-title = Everything of you is erased
privacy-erased = { $count ->
    [one] { $count } record was taken out, and nothing about you is left here.
   *[other] { $count } records were taken out, and nothing about you is left here.
}
privacy-erase-nothing = Nothing is kept of you, so nothing was erased.
privacy-note-settings = The settings still name this person: take their `[[person]]` section out of brisk.toml.
privacy-note-counter = The counter is not looked for any more. It may hold its last days itself: paired again, it brings them in anew.
privacy-note-told = The study's database “{ $target }” is told that you left; the days that it has stay in the trial. Until it has answered, your pseudonym and the dates of those days are kept here in the folder “leaving”, and nowhere else.
privacy-note-taken-out = The study's database “{ $target }” is told that you left, and to take your days out. Until it has answered, your pseudonym and the dates of those days are kept here in the folder “leaving”, and nowhere else.
privacy-note-untold = The study's database “{ $target }” has days of yours and is not in the settings any more: please tell the study yourself that you left.
privacy-note-undated = { $count ->
    [one] { $count } reading stays: nothing says when it was, and the counter is not theirs any more.
   *[other] { $count } readings stay: nothing says when they were, and the counter is not theirs any more.
}
privacy-note-key = The key of a counter could not be removed from the folder `keys`: { $error }.
privacy-note-files = Some old files could not be removed just now; they go when Brisk starts next.
privacy-note-browsers = The list of browsers could not be written; `brisk web revoke --of` takes them out of it.
privacy-note-paired = The system may still list a counter as paired; it can be removed in its Bluetooth settings.
privacy-receipt = Your receipt
privacy-receipt-keep = It shows that what was kept about you is erased, and it is kept nowhere here. Save it if you may want to show that one day.
privacy-receipt-save = Save the receipt

## The page that explains what somebody takes away

takeout-readme = Everything that Brisk kept about { $person } up to { $date }

    days.csv        one row a day; every column is explained in codebook.csv
    weeks.csv       one row a week, explained in codebook_weeks.csv
    minutes.csv     every minute that is known, with its steps
    readings.jsonl  every reading as the counter said it, one a line; one that came twice stands twice
    goals.csv       the goals, with the days on which they were in force
    diary.csv       the diary
    check_ins.csv   answers to check-ins
    decisions.jsonl everything that was decided and written down, in order, nothing left out
    audit.jsonl     the audit trail: every decision and every revision of a day, who caused it and why
    sent.csv        the days that databases of a study were sent, and what became of each
    datapackage.json, datapackage_weeks.json describe the tables to programs

    An empty cell is unknown, never zero. A minute that is not listed is not known either.
    Times that end in Z are UTC; start_local is the time on the wall. at_least marks a number that may have been larger.
    "by" says who decided; "number" is the counter's own number of a reading.
    All files are UTF-8 text. Any spreadsheet opens the tables.
