# What Brisk says, in Hebrew. Principles as in en.ftl, and: plural or verbless forms, so that nobody is taken for a man or
# a woman; numbers, names and Latin words need no marks of direction, the program sets them.

## Numbers and dates

number = { $count }
date-in-words = { $weekday }, { $day } ב{ $month }
date-with-year = { $weekday }, { $day } ב{ $month } { $year }
weekday-1 = יום שני
weekday-2 = יום שלישי
weekday-3 = יום רביעי
weekday-4 = יום חמישי
weekday-5 = יום שישי
weekday-6 = שבת
weekday-7 = יום ראשון
month-1 = ינואר
month-2 = פברואר
month-3 = מרץ
month-4 = אפריל
month-5 = מאי
month-6 = יוני
month-7 = יולי
month-8 = אוגוסט
month-9 = ספטמבר
month-10 = אוקטובר
month-11 = נובמבר
month-12 = דצמבר

## Amounts

amount-leisure-brisk-min = { $count ->
    [one] דקה אחת של הליכה נמרצת בזמן הפנוי
    [two] שתי דקות של הליכה נמרצת בזמן הפנוי
   *[other] { $count } דקות של הליכה נמרצת בזמן הפנוי
}
amount-brisk-min = { $count ->
    [one] דקה אחת של הליכה נמרצת
    [two] שתי דקות של הליכה נמרצת
   *[other] { $count } דקות של הליכה נמרצת
}
amount-bout-min = { $count ->
    [one] דקה אחת של הליכה נמרצת במקטעים ארוכים יותר
    [two] שתי דקות של הליכה נמרצת במקטעים ארוכים יותר
   *[other] { $count } דקות של הליכה נמרצת במקטעים ארוכים יותר
}
amount-leisure-min = { $count ->
    [one] דקה אחת של פעילות בזמן הפנוי
    [two] שתי דקות של פעילות בזמן הפנוי
   *[other] { $count } דקות של פעילות בזמן הפנוי
}
amount-steps = { $count ->
    [one] צעד אחד
    [two] שני צעדים
   *[other] { $count } צעדים
}
amount-diary-min = { $count ->
    [one] דקה אחת של { $kind }
    [two] שתי דקות של { $kind }
   *[other] { $count } דקות של { $kind }
}
kind-swim = שחייה
kind-cycle = רכיבה על אופניים
kind-gym = חדר כושר
kind-garden = גינון
kind-walk = הליכה
kind-dance = ריקוד

## Today

today-nothing-yet = יום חדש. בתוכנית שלכם: { $plan }, מתי שנוח לכם.
today-some = עד עכשיו: { $done }. עוד { $left } אם מתחשק לכם.
today-met = עשיתם את מה שתכננתם: { $done }. ✓
today-over = היום: { $done }. זה יותר ממה שתכננתם, וזה נחשב.
today-evening = היום: { $done }. כל דקה נחשבת. מחר יום פתוח.
today-evening-steps = היום: { $done }. כל צעד נחשב. מחר יום פתוח.
today-no-plan = אין תוכנית להיום. כל מה שתעשו נחשב.
today-no-plan-done = אין תוכנית להיום. עד עכשיו: { $done }.
today-week-plan = התוכנית שלכם היא לכל השבוע; הימים לבחירתכם.
today-week-plan-done = היום: { $done }. התוכנית שלכם היא לכל השבוע; הימים לבחירתכם.
today-paused = התוכנית שלכם בהפסקה עד סוף { $until }. כל מה שאתם עושים עדיין נחשב.
today-excused = היום הזה הוצא מהתוכנית שלכם. כל מה שאתם עושים עדיין נחשב.
today-not-synced = { $heard } אפשר להניח את הצמיד ליד הקופסה, וכך נספור את הצעדים של היום.
today-not-synced-safe = { $heard } הצעדים שלכם שמורים בצמיד. אפשר להניח אותו ליד הקופסה, והם יגיעו.
today-not-worn = הצמיד לא היה על היד ב{ $weekday }, ולכן אנחנו משאירים את היום הזה פתוח.
today-steps-only = הלכתם { $steps }. הצמיד הזה לא מספר לנו באיזה קצב, ולכן אנחנו מציגים את הצעדים ומשאירים את הדקות פתוחות.
today-open = חלק מהיום לא ידוע, ולכן אנחנו משאירים אותו פתוח. כל מה שאתם עושים נחשב.
today-nothing-arrived = עדיין לא הגיע דבר ממד הצעדים שלכם.
heard-never = עדיין לא שמענו מהצמיד שלכם.
heard-not-since = לא שמענו מהצמיד שלכם מאז { $since }.

## What does not fit

problem-pause-until = ההפסקה מתחילה ב{ $from }; אפשר לסיים אותה באותו יום או אחריו.
problem-reason-blank = כמה מילים על הסיבה יעזרו למי שיקרא את הרישום בהמשך.
problem-amount-minutes-day = { $amount } לא נראה כמו תוכנית; אפשר לבחור מ-{ $low } עד { $high } דקות ביום.
problem-amount-minutes-week = { $amount } לא נראה כמו תוכנית; אפשר לבחור מ-{ $low } עד { $high } דקות בשבוע.
problem-amount-steps-day = { $amount } לא נראה כמו תוכנית; אפשר לבחור מ-{ $low } עד { $high } צעדים ביום.
problem-amount-steps-week = { $amount } לא נראה כמו תוכנית; אפשר לבחור מ-{ $low } עד { $high } צעדים בשבוע.
problem-days-none = אפשר לבחור יום אחד בשבוע או יותר.
problem-goal-until = היעד מתחיל ב{ $from }; היום האחרון שלו יכול להיות באותו יום או אחריו.
problem-review-early = היעד מתחיל ב{ $from }; אפשר לבחור יום אחריו כדי להסתכל עליו שוב.
problem-confidence = באיזו מידה אתם בטוחים, מ-0 (בכלל לא) עד 10 (לגמרי)?
problem-text-long = יש כאן מקום ל-{ $most } אותיות; טקסט קצר יותר ייכנס.
problem-code = בקוד יש 1 עד 32 אותיות לטיניות, ספרות, `_` או `-`.
problem-date-far = זה במרחק של יותר מחמש שנים; האם השנה נכונה?
problem-from-past = ימים שעברו נשארים כפי שסוכם עליהם; אפשר להתחיל היום, { $today }, או אחריו.
problem-goal-id = כבר יש יעד בשם { $id }; השם { $free } פנוי.

## Every page

skip-to-content = לתוכן הדף
menu = דפים
menu-today = היום
menu-week = השבוע
menu-plan = התוכנית שלי
menu-diary = יומן
menu-review = מבט לאחור
menu-band = הצמיד שלי
menu-privacy = פרטיות
menu-setup = הגדרות
trouble-title = אי אפשר להציג את זה כרגע
trouble-back = חזרה להיום

## The page Today

today-title = היום, { $date }
