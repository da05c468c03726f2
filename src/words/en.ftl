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

## The plan and its review

problem-review-past = That day has gone by; today, { $today }, or a later day fits.
problem-programme-unknown = There is no programme called { $name }; there are { $known }.
problem-proposal-name = A proposal is called by its week and its kind, such as { $example }, and is answered in its week.
proposal-stale = The plan has changed since this was shown, so it is left as it is. What can be chosen now is shown anew.
review-not-yet = That week is still under way; there is something to look back on from { $from } on.
problem-proposal-answered = You have already chosen for that week; the plan can still be changed.
proposal-keep = Keep the plan as it is.
proposal-less = A smaller size, if that fits better just now.
proposal-after-hard-week = A smaller size may fit the next week better. The same one is as good.
proposal-after-pause = Welcome back. This is a size that felt comfortable before.
proposal-weekly-percent = { $weeks ->
    [one] After a week in which { $reached } percent of the plan or more was done, { $percent } percent more can be tried.
   *[other] After { $weeks } weeks in which { $reached } percent of the plan or more was done, { $percent } percent more can be tried.
}
proposal-percentile = Of your last { $days } days with the band, this is number { $rank } when they are put in order.
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
