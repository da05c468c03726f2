# What Brisk says, in Hebrew. Principles as in en.ftl, and: plural or verbless forms, so that nobody is taken for a man or
# a woman; numbers, names and Latin words need no marks of direction, the program sets them. Groups of digits, and
# words beside brackets, would change places in a line from right to left: write 012345 and not 012 345, and name the
# section apart, as in "`zone` בסעיף `[clock]`".
# The same word for the same thing: band צמיד, counter מד הצעדים, box קופסה, to pair לקשר, link חיבור, plan תוכנית,
# goal יעד, programme מסלול, brisk walking הליכה נמרצת, own time הזמן הפנוי, diary יומן, check-in שאלון קצר, pause הפסקה,
# review מבט לאחור, therapist הצוות המטפל, to let a browser in לתת גישה.

## Numbers and dates

number = { $count }
date = { $date }
weekday = { $day }
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
amount-minutes = { $count ->
    [one] דקה אחת
    [two] שתי דקות
   *[other] { $count } דקות
}
amount-diary-min = { $count ->
    [one] דקה אחת של { $kind }
    [two] שתי דקות של { $kind }
   *[other] { $count } דקות של { $kind }
}
kind-swim = שחייה
kind-cycle = רכיבה על אופניים
kind-gym = אימון בחדר כושר
kind-garden = גינון
kind-walk = הליכה
kind-dance = ריקוד

unit-leisure-brisk-min = { $count ->
    [one] דקה של הליכה נמרצת בזמן הפנוי
    [two] דקות של הליכה נמרצת בזמן הפנוי
   *[other] דקות של הליכה נמרצת בזמן הפנוי
}
unit-brisk-min = { $count ->
    [one] דקה של הליכה נמרצת
    [two] דקות של הליכה נמרצת
   *[other] דקות של הליכה נמרצת
}
unit-bout-min = { $count ->
    [one] דקה של הליכה נמרצת במקטעים ארוכים יותר
    [two] דקות של הליכה נמרצת במקטעים ארוכים יותר
   *[other] דקות של הליכה נמרצת במקטעים ארוכים יותר
}
unit-leisure-min = { $count ->
    [one] דקה של פעילות בזמן הפנוי
    [two] דקות של פעילות בזמן הפנוי
   *[other] דקות של פעילות בזמן הפנוי
}
unit-steps = { $count ->
    [one] צעד
    [two] צעדים
   *[other] צעדים
}
unit-diary-min = { $count ->
    [one] דקה של { $kind }
    [two] דקות של { $kind }
   *[other] דקות של { $kind }
}

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
today-steps-only = הלכתם { $steps }. הצמיד הזה לא אומר לנו באיזה קצב, ולכן אנחנו מציגים את הצעדים ומשאירים את הדקות פתוחות.
today-open = חלק מהיום לא ידוע, ולכן אנחנו משאירים אותו פתוח. כל מה שאתם עושים נחשב.
today-nothing-arrived = עדיין לא הגיע דבר מהצמיד שלכם.
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

## Own time, the diary and the person

kind-other = פעילות אחרת
problem-time = שעה כותבים בשעות ובדקות, כמו 08:00.
problem-diary-minutes-none = כמה דקות זה היה? כל דקה נחשבת.
problem-diary-minutes-day = { $minutes } דקות הן יותר מיום שלם. כמה דקות זה היה?
problem-diary-later = { $date } עוד לפנינו. אפשר יהיה לרשום כאן אחרי שזה קרה.
problem-diary-undone = הרישום הזה הוצא מהיומן. אפשר לכתוב חדש במקומו.
problem-diary-unknown = אין רישום כזה ביומן. אולי הוא הוצא בדף אחר.

## One small choice a day

choice-title = בחירה קטנה אחת
choice-today = בחירה קטנה אחת להיום:
choice-is-planned = { $situation }: { $choice }
choice-question = האם זה התאים היום?
choice-yes = כן, עשיתי
choice-another = רעיון אחר
choice-not-today = לא היום
choice-made = עשיתם את מה שבחרתם להיום: { $choice } ✓
choice-offer = רוצים בחירה קטנה אחת להיום?
choice-plan-heading = לתכנן בחירה
choice-plan-hint = בחירה קטנה, כזו שמתאימה ליום רגיל, עובדת טוב. אחת ליום מספיקה בהחלט.
choice-date = לאיזה יום?
choice-date-hint = היום, או יום בשבוע הקרוב.
choice-situation = מתי או איפה?
choice-situation-hint = למשל: בדרך הביתה
choice-choice = במה תרצו לבחור?
choice-choice-hint = למשל: לרדת תחנה אחת קודם
choice-save = לשמור את הבחירה
choice-list-heading = הבחירות שלכם
choice-list-none = עדיין לא תוכננה בחירה.
choice-list-day = יום
choice-list-choice = בחירה
choice-list-answer = איך היה
choice-answer-done = בוצע ✓
choice-answer-not = לא באותו יום
choice-answer-open = פתוח
choice-note = הערה, אם רוצים
choice-day = { $date }
problem-choice-past = בחירה מתכננים להיום או ליום שעוד לפנינו.
problem-choice-far = זה יותר משבוע קדימה; אפשר עד { $last }.
problem-choice-made = את מה שבחרתם ל{ $date } כבר עשיתם. יום אחר פתוח.
problem-choice-situation = כמה מילים על המקום או הזמן יעזרו לזכור.
problem-choice-choice = כמה מילים על מה שהייתם בוחרים, בבקשה.
problem-choice-early = { $date } עוד לפנינו; אפשר יהיה לענות אז.
problem-choice-late = זה היה לפני יותר משבוע, ולכן אנחנו משאירים את זה פתוח.
problem-choice-none = לא תוכננה בחירה ל{ $date }.

## Check-ins

check-in-title = שאלון קצר
check-in-waiting = יש שאלון קצר, מתי שנוח לכם.
check-in-none = אין היום שאלות.
check-in-leave-out = אפשר לדלג על כל שאלה.
check-in-send = סיום
check-in-thanks = תודה. זה הכול להיום.
check-in-not-now = לא עכשיו
check-in-settings = מה שואלים אתכם
check-in-settings-hint = שאלון מופיע כל עוד הוא מופעל כאן. לתוכנית שלכם הוא לא נחוץ.
check-in-every = כל כמה ימים לשאול
check-in-on = לשאול: { $title }
check-in-save = שמירה
check-in-source = מהיכן השאלות
check-in-pain-title = מה שלום הגב שלכם
check-in-pain-question = מה היה מצב הגב שלכם בממוצע בשבוע האחרון, מ-0 עד 10?
check-in-pain-low = בלי כאב
check-in-pain-high = הכאב החזק ביותר שאפשר לדמיין
problem-check-in-every = אפשר לבחור בין יום אחד ל-366 ימים.
problem-check-in-twice = אפשר לבחור כל שאלון פעם אחת.
problem-check-in-date = שאלון הוא להיום או ליום מהשבוע האחרון.
problem-check-in-off = השאלון הזה כבוי, ולכן לא נרשם דבר.
problem-check-in-unknown = אין שאלון בשם { $name }; אלה שיש: { $known }.
problem-check-in-answer = התשובה לשאלה { $item } אינה אחת מאלה שהיא מציעה.

## Notices

notice-heading = להיום
notice-new-day = יום חדש. התוכנית שלכם כאן, מתי שנוח לכם.
notice-review = אפשר להביט לאחור על השבוע, מתי שתרצו.
notice-review-link = מבט לאחור על השבוע
notice-band-near = כבר זמן מה לא שמענו מהצמיד שלכם. אפשר להניח אותו ליד הקופסה כשנוח לכם.
notice-thanks = תודה
problem-notice-second = הודעה אחת ביום מספיקה, וזו של היום כבר הוצגה.

## For whoever looks after the band

helper-heading = למי שאחראים על הצמיד
helper-flat-soon = { $band }: בסוללה נשארו { $percent } אחוז. טעינה בקרוב תשמור על ימים מלאים.
helper-flat-solved = { $band }: הסוללה שוב טעונה.
helper-silent = { $band }: לא הגיע דבר מאז { $since }. מה שנספר עדיין שמור בצמיד; אפשר להניח אותו בקרוב ליד הקופסה, לפני שהזיכרון שלו מתמלא.
helper-silent-unsure = { $band }: לא הגיע דבר מאז { $since }. אפשר להניח אותו ליד הקופסה, ומה שעדיין שמור בו יגיע אז.
helper-silent-total = { $band }: לא הגיע דבר מאז { $since }. אפשר להניח אותו ליד הקופסה, וכך הצעדים ייספרו.
helper-silent-solved = { $band }: שוב שמענו ממנו.

beside-some = עוד { $left } אם מתחשק לכם.
beside-met = עשיתם את מה שתכננתם. ✓
beside-over = זה יותר ממה שתכננתם, וזה נחשב.
beside-evening = כל דקה נחשבת. מחר יום פתוח.
beside-evening-steps = כל צעד נחשב. מחר יום פתוח.
beside-steps-only = הצמיד הזה לא אומר לנו באיזה קצב, ולכן אנחנו מציגים את הצעדים ומשאירים את הדקות פתוחות.
today-plan = התוכנית שלכם להיום: { $plan }.
today-week-so-far = השבוע עד עכשיו: { $done } מתוך { $target }.
today-between = הליכה נמרצת: בין { $low } ל-{ $high } דקות.
today-parts = { $measured } שנמדדו + { $diary } מהיומן שלכם
today-parts-diary = הכול מהיומן שלכם.
today-heard = קשר אחרון עם הצמיד שלכם: { $time }.
today-heard-on = קשר אחרון עם הצמיד שלכם: { $date }, { $time }.
today-battery = סוללת הצמיד: { $percent } אחוז.
today-blinded = הצמיד שלכם רושם. תודה שאתם עונדים אותו.
today-bar = התוכנית להיום
today-bar-of = { $done } מתוך { $target }
today-bar-over = { $done }, ובתוכנית { $target }
today-numbers = היום במספרים
today-row-brisk = דקות של הליכה נמרצת
today-row-diary = דקות מהיומן שלכם
today-row-plan = בתוכנית להיום
today-row-steps = צעדים
today-add = הוספת פעילות
today-pause = הפסקה בתוכנית
today-pause-until = היום האחרון של ההפסקה
today-pause-hint = כל מה שאתם עושים עדיין נחשב, והתוכנית שלכם נשארת כפי שהיא.
today-pause-send = לצאת להפסקה
today-my-week = השבוע שלי
today-my-plan = התוכנית שלי
today-clock-unset = השעון של המחשב הזה עוד לא כוון, ולכן לא מוצג יום. מה שהצמיד מוסר נשמר, והתאריך ייקבע אחר כך.
today-clock-wait = השעון יכוון מעצמו ברגע שתהיה גישה לרשת.

## The frame

exposed = כרגע אפשר לפתוח את הדפים האלה גם ממחשבים אחרים.
exposed-setup = להגדרה

## The page Week

week-title = השבוע מ{ $from } עד { $to }
week-picture-steps = צעדים, יום אחר יום
week-picture-minutes = דקות, יום אחר יום
week-before = השבוע הקודם
week-after = השבוע הבא
week-this = השבוע הזה
week-print = דף להדפסה
week-plan-day = התוכנית שלכם ליום: { $plan }.
week-plan-week = התוכנית שלכם לשבוע: { $plan }.
week-plan-none = אין תוכנית לשבוע הזה. כל מה שתעשו נחשב.
week-paused = התוכנית שלכם בהפסקה. כל מה שאתם עושים עדיין נחשב.
week-days-met = { $count ->
    [one] ביום אחד עשיתם את מה שתכננתם. ✓
    [two] ביומיים עשיתם את מה שתכננתם. ✓
   *[other] ב-{ $count } ימים עשיתם את מה שתכננתם. ✓
}
week-met = עשיתם את מה שתכננתם לשבוע. ✓
week-so-far = { $done } מתוך { $plan } עד עכשיו.
week-walked = { $days ->
    [one] הלכתם הליכה נמרצת ביום אחד
    [two] הלכתם הליכה נמרצת ביומיים
   *[other] הלכתם הליכה נמרצת ב-{ $days } ימים
}, בסך הכול { $minutes ->
    [one] דקה אחת
    [two] שתי דקות
   *[other] { $minutes } דקות
}.
week-diary = מהיומן שלכם: { $minutes ->
    [one] דקה אחת
    [two] שתי דקות
   *[other] { $minutes } דקות
}.
week-steps = { $steps ->
    [one] צעד אחד בסך הכול.
    [two] שני צעדים בסך הכול.
   *[other] { $steps } צעדים בסך הכול.
}
week-nothing = לא ידוע לנו דבר על השבוע הזה, ולכן אנחנו משאירים אותו פתוח.
week-table = השבוע במספרים
week-table-day = יום
week-table-brisk = דקות נמרצות
week-table-diary = דקות מהיומן
week-table-steps = צעדים
week-table-all = סך הכול
week-key-brisk = הליכה נמרצת
week-key-steps = צעדים
week-key-diary = מהיומן שלכם
week-key-target = התוכנית שלכם
week-key-cannot-tell = צעדים שהקצב שלהם לא ידוע
week-open-number = –
day-with-diary = { $count } + { $diary }
day-beside-diary = { $count }, ביומן { $diary }
day-diary = ביומן { $diary }
day-number-word = { $number }, { $word }
day-number-met = { $number } ✓
day-met = כמו בתוכנית ✓
day-paused = בהפסקה
day-excused = מחוץ לתוכנית
day-not-worn = הצמיד לא על היד
day-open = פתוח
day-cannot-tell = הקצב לא ידוע
day-so-far = עד עכשיו
day-partly = ידוע בחלקו
day-measured = נמדד
day-to-come = עוד לפנינו
week-blinded = הצמיד שלכם רושם. כאן רואים מה הגיע.

## The page My band

band-none = עדיין אין כאן צמיד.
band-set-up = להוסיף צמיד
band-unnamed = צמיד
band-heard = קשר אחרון: { $date }, { $time }.
band-heard-never = עדיין לא הגיע ממנו דבר.
band-battery = סוללה: { $percent } אחוז.
band-battery-unknown = הצמיד עוד לא מסר כמה סוללה נשארה.
band-class-m = הצמיד שומר כל דקה ומעביר אותה מאוחר יותר, ולכן אפשר לספור דקות נמרצות.
band-class-h = הצמיד שומר פרקי זמן ארוכים יותר ומעביר אותם מאוחר יותר: הצעדים ידועים לנו, הקצב שלהם לא.
band-class-c = הצמיד מוסר סכום כולל אחד: הצעדים ידועים לנו, והקצב ידוע כל עוד הוא ליד הקופסה.
band-bond-passkey = הצמיד קושר בעזרת ספרות, ולכן הקופסה יודעת שהוא שלכם.
band-bond-just-works = הצמיד קושר בלי ספרות. מכשיר אחר יכול לבוא במקומו.
band-doing-starting = הקופסה הופעלה ממש עכשיו.
band-doing-looking = הקופסה מחפשת אותו עכשיו.
band-doing-syncing = הדקות שלו מגיעות עכשיו.
band-doing-waiting = הקופסה ממתינה עד הפעם הבאה.
band-forgotten = הקופסה כבר לא מחפשת אותו. מה שהוא מסר נשמר.
band-says = מה הצמיד אומר, ומה ספרנו
band-says-steps = צעדים, { $date }
band-says-band = הצמיד
band-says-counted = ספרנו
band-says-no-total = הצמיד שולח דקות, בלי סכום כולל משלו.
band-says-at = { $steps } בשעה { $time }
band-why = למה ייתכן הבדל בין השניים
band-why-later = הצעדים שנוספו מאז הקשר האחרון עדיין בצמיד.
band-why-lost = { $count ->
    [one] דקה אחת של הצמיד לא שמורה כאן: היא התחלפה בחדשה לפני שהובאה, או נמחקה.
    [two] שתי דקות של הצמיד לא שמורות כאן: הן התחלפו בחדשות לפני שהובאו, או נמחקו.
   *[other] { $count } דקות של הצמיד לא שמורות כאן: הן התחלפו בחדשות לפני שהובאו, או נמחקו.
}
band-why-undated = { $count ->
    [one] דקה אחת שמורה ועדיין אין לה תאריך. היא תיספר ברגע שהשעון של הצמיד יהיה ידוע.
    [two] שתי דקות שמורות ועדיין אין להן תאריך. הן ייספרו ברגע שהשעון של הצמיד יהיה ידוע.
   *[other] { $count } דקות שמורות ועדיין אין להן תאריך. הן ייספרו ברגע שהשעון של הצמיד יהיה ידוע.
}
band-why-put-aside = { $count ->
    [one] פריט אחד לא היה קריא. הוא שמור כפי שהגיע, ואינו נכלל בשום סכום.
    [two] שני פריטים לא היו קריאים. הם שמורים כפי שהגיעו, ואינם נכללים בשום סכום.
   *[other] { $count } פריטים לא היו קריאים. הם שמורים כפי שהגיעו, ואינם נכללים בשום סכום.
}
band-why-conflicts = { $count ->
    [one] דקה אחת הגיעה פעמיים עם ערכים שונים. הערך הראשון נספר, ושניהם שמורים.
    [two] שתי דקות הגיעו פעמיים עם ערכים שונים. הערך הראשון נספר, ושניהם שמורים.
   *[other] { $count } דקות הגיעו פעמיים עם ערכים שונים. הערך הראשון נספר, ושניהם שמורים.
}
band-why-two = אתם עונדים שני צמידים. בכל דקה נספר הצמיד שרשם טוב יותר, והשניים לא מצטרפים זה לזה.
band-why-day = ייתכן שהיום של הצמיד מתחיל בשעה אחרת מזו של הדפים האלה.
band-next = מה אפשר לעשות
band-next-well = שום דבר. אפשר לענוד ולהטעין אותו כרצונכם.
band-next-near = הניחו את הצמיד ליד הקופסה לכמה דקות.
band-next-wake = העירו את המסך שלו, כדי שיישמע.
band-next-charge = הטעינו אותו, רצוי ליד הקופסה.
band-next-other-app = אולי טלפון או אפליקציה אחרת מחוברים אליו: סגרו את האפליקציה פעם אחת, או כבו את ה-Bluetooth בטלפון.
band-next-pair = קשרו אותו מחדש. כל מה שהגיע נשמר.
band-next-pair-link = לדף ההגדרות
band-next-confirm = כשהצמיד שואל, אשרו בנגיעה.
band-next-box = נתקו את הקופסה מהחשמל לעשר שניות וחברו שוב.
band-next-helper = בקשו ממי שהגדירו את הקופסה לפתוח את דף ההגדרות: כתוב בו מה נמצא.
band-next-wait = שום דבר. הקופסה מסדרת את זה בעצמה.
band-technical = למי שהגדירו את הקופסה

## The page to print

print-title = { $from } עד { $to }
print-how = לחצו על Ctrl ועל P, או בחרו בהדפסה בתפריט הדפדפן.
print-week = השבוע שלי
print-plan = התוכנית שלי
print-plan-none = אין תוכנית כרגע.
print-diary = היומן שלי
print-diary-none = השבוע לא נרשם דבר.
print-diary-line = { $date }: { $kind }, { $minutes ->
    [one] דקה אחת
    [two] שתי דקות
   *[other] { $minutes } דקות
}
print-diary-entry = { $date }: { $kind }
print-diary-more = ועוד { $count }
print-when-where = מתי ואיפה: { $text }
print-because = למה: { $text }
print-days = בימים: { $days }

problem-diary-kind = מה זה היה? אפשר לבחור כל אחת מאלה.
problem-zone = { $zone } לא מופיע ברשימת אזורי הזמן. אזור כמו Asia/Jerusalem מתאים.
problem-window-days = באילו ימים? אפשר לבחור יום אחד או יותר.
problem-window-hours = אילו שעות אלה? כדי להשאיר את הימים האלה פנויים, הסירו את הסימון שלהם.
problem-window-half = לשעות יש התחלה וסוף; אחד מהם כבר כתוב כאן.
problem-window-equal = הסוף זהה להתחלה. מתי השעות האלה מסתיימות?
problem-window-order = הסוף מוקדם מההתחלה. אם השעות נמשכות עד הבוקר שלמחרת, אפשר לסמן זאת בתיבה שלמטה.
minutes = { $count ->
    [one] דקה אחת
    [two] שתי דקות
   *[other] { $count } דקות
}
kind-name = { $kind }
weekday-name = { $weekday }
save = שמירה
leave-as-it-is = להשאיר כמו שזה
field-optional = אם רוצים.
from-hint = אפשר להשאיר ריק אם תמיד היה כך.
effort-none = לא צוין
effort-easy = קל
effort-brisk = נמרץ
effort-hard = מאומץ
diary-title = יומן
diary-new-title = הוספת פעילות
diary-edit-title = שינוי רישום
diary-add = הוספת פעילות
diary-what = מה עשיתם?
diary-quick = { $kind }, { $date }: כמה זמן?
diary-else = זמן אחר או יום אחר
diary-kind = מה זה היה
diary-minutes = דקות
diary-date = יום
diary-at = מתי זה התחיל
diary-effort = איך זה הרגיש
diary-note = כמה מילים משלכם
diary-save = לרשום ביומן
diary-noted = נרשם: { $what }, { $date }. זה נחשב.
diary-empty = לא נרשם דבר בשבועות האלה. שחייה, רכיבה על אופניים, שעה בגינה: למה שהצמיד לא רואה יש כאן מקום.
diary-earlier = שבועות קודמים
diary-later = שבועות מאוחרים יותר
diary-on = { $date }
diary-began = החל מהשעה { $time }
diary-change = שינוי: { $what }
diary-undo = להוציא: { $what }
person-title = הפרטים שלכם
person-label = איך לקרוא לכם בדפים האלה
person-label-hint = זה נשאר בבית הזה.
person-language = שפה
person-zone = אזור זמן
person-zone-from = באזור הזמן הזה מתאריך
own-time-title = הזמן הפנוי שלכם
own-time-about = דקות נמרצות מחוץ לשעות העבודה הן הזמן הפנוי שלכם. אם לא הוגדרו שעות עבודה, כל הדקות הנמרצות הן בזמן הפנוי.
own-time-work = עבודה
own-time-more = שעות אחרות בימים אחרים
own-time-work-also = עבודה, שעות אחרות
own-time-work-third = עבודה, שעות נוספות
own-time-begins = משעה
own-time-ends = עד שעה
own-time-over = השעות האלה נמשכות עד הבוקר שלמחרת
own-time-sleep = שינה, בכל לילה
own-time-day-start = היום שלכם מתחיל בשעה
own-time-day-start-hint = חצות מתאימה לרוב האנשים; שעה מאוחרת יותר מתאימה למי שעובדים בלילה.
own-time-from = מאיזה יום
own-time-detail = השעות האלה מוגדרות בפירוט רב יותר ממה שנכנס כאן, והן נשארות כפי שהן עד שימולאו אחרות: { $week }

## What is wrong, and the next step

trouble-no-bus = אפיק ההודעות של המחשב הזה (D-Bus) לא עונה, ודרכו מגיעים אל ה-Bluetooth.
trouble-service-down = שירות ה-Bluetooth של המחשב הזה לא פועל.
trouble-service-stuck = שירות ה-Bluetooth של המחשב הזה פועל, אבל לא עונה.
trouble-no-adapter = אין במחשב הזה מתאם Bluetooth שאפשר להשתמש בו.
trouble-blocked = ה-Bluetooth חסום במחשב הזה, במתג או בהגדרה (rfkill).
trouble-adapter-off = מתאם ה-Bluetooth של המחשב הזה כבוי.
trouble-not-heard = מד הצעדים לא נשמע: הוא רחוק, ישן, או מחובר לאפליקציה אחרת.
trouble-steps-stay = הצעדים נשארים בו כל עוד הזיכרון שלו מספיק.
trouble-held-elsewhere = מד הצעדים היה קרוב לפני רגע והשתתק: קרוב לוודאי שאפליקציה אחרת או טלפון מחוברים אליו.
trouble-pairing-lost-here = הקישור של המחשב הזה עם מד הצעדים כבר לא שמור במחשב.
trouble-pairing-lost-there = מד הצעדים שכח את הקישור שלו עם המחשב הזה, כמו אחרי איפוס של מד הצעדים.
trouble-wrong-key = מד הצעדים לא מקבל את המפתח: הוא קושר בינתיים במקום אחר, או שזה לא המפתח שלו.
trouble-no-key = למד הצעדים נחוץ מפתח משלו, ואין כאן כזה.
trouble-not-confirmed = לא הגיע אישור ממד הצעדים בזמן.
trouble-not-ready = מד הצעדים לא מוגדר לרשום, או שהאפליקציה שלו לעניין זה לא מותקנת בו.
trouble-other-counter = ענה מד צעדים אחר מאותו סוג. דבר ממנו לא נלקח.
trouble-link-broke = החיבור נותק. מה שהגיע נשמר.
trouble-lossy-link = חלק לא הגיע. מה שהגיע שלם נשמר.
trouble-silent = מד הצעדים חדל לענות. מה שנשלח נשמר.
trouble-refused = מד הצעדים לא הסכים לענות.
trouble-bad-answer = מד הצעדים ענה באופן שהפרוטוקול שלו לא מכיר. מה שהיה טוב נשמר, והשאר הונח בצד.
trouble-no-end = ההעברה ממד הצעדים לא הגיעה לסופה והופסקה. מה שהיה טוב נשמר.
trouble-busy = מד הצעדים עסוק במשהו אחר.
trouble-version = מד הצעדים מדבר בפרוטוקול חדש מזה של התוכנה. דבר לא שונה בו.
trouble-differs = הנתונים במד הצעדים שונים מאלה שנשמרו. אלה ואלה שמורים, ומד הצעדים לא התבקש לשכוח דבר.
trouble-not-stored = המחשב הזה לא הצליח לשמור את מה שמד הצעדים שלח.
trouble-disk-full = הדיסק של המחשב הזה מלא, ולכן אי אפשר לשמור דבר חדש.
trouble-read-only = מהדיסק של המחשב הזה אפשר לקרוא, ואי אפשר לכתוב אליו: לרוב זה כרטיס זיכרון ישן.
trouble-clock-unset = השעון של המחשב הזה עוד לא כוון, ולכן לא מוצג יום. הקריאות נשמרות, והתאריך ייקבע אחר כך.
trouble-wrong-zone = אזור הזמן שבהגדרות שונה מזה של המחשב הזה, ולכן ייתכן שהימים מתחילים בשעה אחרת.
trouble-battery-flat = הסוללה של מד הצעדים ריקה או כמעט ריקה.
trouble-memory-runs-out = כבר זמן רב לא שמענו ממד הצעדים, והזיכרון שלו מתמלא בקרוב, אם לא התמלא כבר.
trouble-counter-clock-off = השעון של מד הצעדים היה רחוק מהשעה הנכונה. קריאות עם זמן בלתי אפשרי הונחו בצד.
trouble-broker-silent = אין תשובה משרת ה-MQTT של הבית, ולכן המסכים בבית לא מתעדכנים. דבר לא אבד.
trouble-broker-refuses = שרת ה-MQTT של הבית לא מכניס את Brisk, ולכן המסכים בבית לא מתעדכנים. דבר לא אבד.
trouble-failure = מערכת ה-Bluetooth דיווחה שמשהו לא עבד.
next-no-bus = הפעילו את המחשב מחדש; אם זה לא עוזר, נתקו אותו מהחשמל לעשר שניות.
next-service-down = הפעילו אותו: `sudo systemctl enable --now bluetooth`.
next-service-stuck = הפעילו אותו מחדש: `sudo systemctl restart bluetooth`. אם זה לא עוזר, נתקו את המחשב מהחשמל לעשר שניות.
next-no-adapter = חברו מתאם Bluetooth, או הפעילו את זה שבתוך המחשב.
next-blocked = שחררו את החסימה: `sudo rfkill unblock bluetooth`, או בעזרת המתג שעל המחשב.
next-adapter-off = הפעילו אותו: `bluetoothctl power on`.
next-not-heard = קרבו אותו למחשב הזה, העירו את המסך שלו וסגרו אפליקציות אחרות שמשתמשות בו.
next-held-elsewhere = סגרו את האפליקציה הזו פעם אחת, או כבו את ה-Bluetooth באותו טלפון.
next-pairing-lost-here = קשרו מחדש: `brisk device pair`. כל הנתונים נשמרים, והצמיד נשאר של אותו אדם.
next-wrong-key = קשרו מחדש עם המפתח הנכון: `brisk device pair`. כל הנתונים נשמרים.
next-not-confirmed = נסו שוב, וגעו במד הצעדים כשהוא רוטט או שואל.
next-not-ready = הגדירו אותו פעם אחת, כפי שכתוב על הסוג שלו ב-`docs/devices.md`.
next-other-counter = קרבו את מד הצעדים הנכון; אם זה שענה חדש, קשרו אותו: `brisk device pair`.
next-link-broke = יהיה ניסיון נוסף מעצמו. קירוב של מד הצעדים עוזר.
next-refused = אם זה קורה שוב, קשרו מחדש: `brisk device pair`.
next-bad-answer = הפקודה `brisk data verify` מראה מה הונח בצד. נשמח לדיווח, עם `brisk device capture`.
next-version = עדכנו את התוכנה הזו.
next-differs = נשמח לדיווח. הפקודה `brisk data verify` מראה את אלה ואת אלה.
next-not-stored = האם הדיסק מלא, או שאפשר רק לקרוא ממנו? הפקודה `brisk doctor` בודקת.
next-disk-full = פנו מעט מקום. מה שלא נשמר כאן נשאר במד הצעדים.
next-read-only = הפעילו את המחשב מחדש; אם זה חוזר, החליפו את כרטיס הזיכרון. מה שלא נשמר כאן נשאר במד הצעדים.
next-clock-unset = חברו את המחשב לרשת, או המתינו.
next-wrong-zone = קבעו את `zone` בסעיף `[clock]` שבקובץ brisk.toml, או את אזור הזמן של המחשב הזה, לפי המקום שבו גר האדם.
next-battery-flat = הטעינו את מד הצעדים, רצוי ליד המחשב הזה.
next-memory-runs-out = קרבו אותו בקרוב למחשב הזה, וגם הימים הישנים ביותר שבו יגיעו.
next-counter-clock-off = אין מה לעשות: השעון כוון. אם זה קורה שוב, ייתכן שהסוללה ישנה.
next-broker-silent = בדקו את `broker` בסעיף `[home_assistant]` שבקובץ brisk.toml, ושהשרת פועל. יהיו ניסיונות נוספים מעצמם.
next-broker-refuses = בדקו את `user` ואת הקובץ של `secret` בסעיף `[home_assistant]` שבקובץ brisk.toml; רק בעל הקובץ יכול לקרוא אותו.
next-failure = יהיה ניסיון נוסף מעצמו. אם זה נשאר, הפעילו את המחשב מחדש.

## What doctor looks at

look-disk = כתיבה לדיסק
look-clock = השעון של המחשב הזה
look-zone = אזור הזמן שבהגדרות לעומת זה של המחשב הזה
look-radio = שירות ה-Bluetooth והמתאם שלו
look-broker = שרת ה-MQTT שהמסכים בבית מקשיבים לו
look-counter = מד הצעדים { $name } ({ $kind })
look-counter-plain = מד צעדים ({ $kind })

## On a display of this home

display-minutes-brisk = דקות של הליכה נמרצת היום
display-minutes = דקות היום
display-plan = התוכנית להיום
display-steps = צעדים היום
display-battery = הסוללה של הצמיד

## The page Setup

setup-title = הגדרות
setup-about = מההפעלה הראשונה ועד הצעדים הראשונים בדף הזה: שלב אחר שלב, בקצב שלכם.
setup-all-done = הכול מוגדר. אין צורך בדבר נוסף.
setup-step-done = בוצע ✓
setup-step-next = זה השלב הבא
setup-step-later = בהמשך
setup-back = חזרה לשלבי ההגדרה
setup-change = לשנות
setup-network-change = לשנות למי הם נפתחים
setup-person = 1. הפרטים
setup-person-stands = הדפים האלה הם בשביל { $name }. הימים מתחילים ומסתיימים לפי אזור הזמן { $zone }.
setup-own-time = 2. הזמן הפנוי
setup-own-time-all = לא הוגדרו שעות עבודה, ולכן כל הזמן שמחוץ לשינה נחשב זמן פנוי.
setup-own-time-set = הוגדרו שעות עבודה או שינה.
setup-band = 3. הצמיד
setup-band-none = עדיין לא שייך לכאן צמיד.
setup-band-there = שייך לכאן צמיד.
setup-band-find = למצוא את הצמיד
setup-band-look = לדף של הצמיד
setup-first = 4. הקריאה הראשונה
setup-first-waiting = עדיין לא הגיע דבר. הקריאה תגיע מעצמה כשהצמיד מקושר וקרוב.
setup-first-heard = שמענו מהצמיד ב{ $date } בשעה { $time }.
setup-first-look = לדף של היום
setup-network = 5. למי נפתחים הדפים האלה
setup-network-closed = המחשב הזה לבדו. למחשבים ולטלפונים אחרים אין גישה.
setup-network-open = כרגע יש גישה גם למחשבים אחרים בבית הזה.
setup-check = 6. מבט אחרון
setup-check-about = אפשר לבדוק את הדיסק, השעון, הרדיו והצמיד בכל עת.
setup-check-look = לבדוק הכול
setup-next-band = עדיין לא שייך לכאן צמיד. הוספה של צמיד נמשכת כמה דקות.
setup-next-go = להוסיף צמיד
setup-next-waiting = הצמיד מקושר. הצעדים הראשונים שלו בדרך; השאירו אותו ליד המחשב הזה.

## The page for pairing the band

band-title = הצמיד
band-no-radio = אין כאן רדיו: הדפים האלה מציגים נתונים בלי שהתוכנה פועלת. הפעילו אותה עם `brisk run`, ואז אפשר לקשר צמיד.
band-about = הניחו את הצמיד ליד המחשב הזה והעירו את המסך שלו. אחר כך אפשר להאזין לו.
band-listen = להאזין לצמיד
band-listen-again = להאזין שוב
band-listen-another = להאזין לצמיד נוסף
band-listening = מאזינים לצמידים. העירו את המסך של הצמיד: במשך כשלוש דקות הוא מודיע שהוא כאן.
band-looking = מחפשים את הצמיד. השאירו את המסך שלו ער.
band-pairing = מתחברים לצמיד.
band-reading = { $stored ->
    [one] מביאים את מה ששמור בצמיד: דקה אחת עד עכשיו.
    [two] מביאים את מה ששמור בצמיד: שתי דקות עד עכשיו.
   *[other] מביאים את מה ששמור בצמיד: { $stored } דקות עד עכשיו.
}
band-reading-left = { $stored ->
    [one] מביאים את מה ששמור בצמיד: דקה אחת עד עכשיו, עוד { $left } בדרך.
    [two] מביאים את מה ששמור בצמיד: שתי דקות עד עכשיו, עוד { $left } בדרך.
   *[other] מביאים את מה ששמור בצמיד: { $stored } דקות עד עכשיו, עוד { $left } בדרך.
}
band-looks-again = הדף הזה מתעדכן מעצמו.
band-look-now = לבדוק עכשיו
band-heard-none = לא נשמע צמיד.
band-help = מה עוזר, מהסביר ביותר והלאה
band-help-wake = העירו את המסך של הצמיד: אחרי זה הוא מודיע במשך כשלוש דקות שהוא כאן.
band-help-near = קרבו את הצמיד עד שני מטרים מהמחשב הזה.
band-help-app = סגרו אפליקציות אחרות שמשתמשות בצמיד, או כבו לעת עתה את ה-Bluetooth באותו טלפון.
band-help-charge = הניחו את הצמיד במטען לעשר דקות.
band-help-restart = הפעילו את הצמיד מחדש.
band-help-computer = נתקו את המחשב הזה מהחשמל לעשר שניות.
band-which = איזה צמיד זה?
band-more = פרטים נוספים
band-address = כתובת הרדיו שלו היא { $address }. שם אפשר לתת לכל מכשיר; של מי הצמיד רואים אחרי שהוא מקושר.
band-label = איך לקרוא לו
band-label-hint = למשל "הצמיד הכחול". אפשר להשאיר ריק.
band-from = היום הראשון שבו הצמיד היה על היד
band-from-hint = אפשר להשאיר ריק אם כל מה שבצמיד שייך לאותו אדם.
band-key = המפתח שלו
band-key-hint = לחלק מהצמידים יש מפתח מהיצרן: 32 ספרות ואותיות מ-a עד f. ב-docs/devices.md כתוב היכן למצוא אותו.
band-whose = של מי הצמיד?
band-nobody = של אף אחד
band-pair = לקשר את הצמיד הזה
band-digits-title = הקלידו את שש הספרות שהצמיד מציג
band-digits = שש ספרות
band-digits-hint = למשל 012345. גם אפסים בהתחלה נחשבים.
band-digits-send = אלה הספרות
band-answer-stop = לעזוב את זה כרגע
band-compare-title = האם הצמיד מציג את שש הספרות האלה?
band-compare-yes = כן, אותן ספרות
band-compare-no = לא, אחרות
band-show-title = הקלידו בצמיד את שש הספרות האלה
band-tap-title = געו עכשיו בצמיד: הוא רוטט או שואל
band-until = הצמיד ממתין עד { $time }. אחרי זה אפשר להתחיל מחדש, כמה פעמים שרוצים.
band-done = הצמיד מקושר ✓
band-done-kind = הסוג שלו: { $kind }.
band-done-not-all = עוד לא הכול הגיע; השאר יגיע מעצמו.
band-done-next = להמשיך
band-bond-digits = החיבור מוצפן, והספרות הושוו: איש לא יכול להאזין או לעמוד באמצע.
band-bond-no-digits = החיבור מוצפן. לצמיד הזה אין ספרות להשוואה, ולכן מי שהיו קרובים בזמן הקישור יכלו לעמוד באמצע. זה כתוב ליד כל קריאה.
band-bond-none = החיבור לצמיד הזה אינו מוצפן: מי שקרובים יכולים לקרוא אותו. זה כתוב ליד כל קריאה.
band-bond-simulated = זה צמיד מדומה: אין כאן רדיו, וזה כתוב ליד כל קריאה.
band-not-paired = הצמיד עוד לא מקושר
band-ended-refused = הספרות היו אחרות, או שאחד הצדדים ענה בשלילה. דבר לא השתנה. אפשר לנסות שוב מיד.
band-ended-not-answered = הזמן עבר לפני שהגיעה תשובה. דבר לא השתנה. אפשר לנסות שוב מיד.
band-ended-several = יש כמה צמידים בטווח. האזינו שוב ובחרו אחד.
band-ended-whose = הצמיד מקושר, ועדיין נחשב של מי שענדו אותו קודם. כתבו למטה של מי הוא, ומאיזה יום.
band-home = הצמידים של הבית הזה
band-home-none = עדיין אין.
band-worn = הצמיד אצל { $name }.
band-worn-since = הצמיד אצל { $name } מאז { $from }.
band-nobodys = הצמיד לא אצל אף אחד.
band-identity = סוג: { $kind }. זיהוי: { $id }.
band-assign = של מי הוא?
band-assign-title = של מי הצמיד?
band-assign-from = מאיזה יום?
band-assign-from-hint = הימים שלפני כן נשארים של מי שענדו אותו אז.
band-assign-send = לרשום
band-forget = לשחרר אותו
band-forget-title = לשחרר את הצמיד הזה?
band-forget-about = אחרי זה לא יחפשו יותר את { $name }, והמפתחות שלו יוסרו. כל מה שהוא הביא נשאר.
band-forget-send = לשחרר אותו
band-keep = להשאיר כמו שזה
problem-band-none = איזה צמיד זה? אפשר לבחור אחד מהרשימה.
problem-band-person = אפשר לבחור אחד מבני הבית.
problem-band-date = תאריך כותבים כך: 2026-05-14.
problem-band-date-later = היום הזה עוד לא הגיע; היום { $today }.
problem-band-key = במפתח יש 32 ספרות ואותיות מ-a עד f.
problem-assign-from = הצמיד הזה כבר אצל מישהו: מאיזה יום הוא עובר הלאה?
problem-digits-none = אפשר להקליד כאן את שש הספרות שהצמיד מציג.
problem-digits-letters = הצמיד מציג רק ספרות, כמו 012345; יש כאן ביניהן משהו אחר.
problem-digits-count = { $count ->
    [one] הצמיד מציג שש ספרות; כאן יש אחת.
    [two] הצמיד מציג שש ספרות; כאן יש שתיים.
   *[other] הצמיד מציג שש ספרות; כאן יש { $count }.
}

## The page that looks at everything

check-title = מבט על הכול
check-well = הכול בסדר.
check-found = יש מה לעשות
check-next = מה לעשות:
check-looked = מה נבדק
check-fine = ✓ בסדר: { $what }
check-not = כדאי להסתכל: { $what }
check-again = לבדוק שוב
check-report = דוח לקבלת עזרה
report-title = דוח לקבלת עזרה
report-about = זה כל מה שיישמר: בלי שמות ובלי צעדים. אפשר להוציא שורות לפני השמירה. הדוח לא נשלח לשום מקום מעצמו.
report-label = הדוח
report-save = לשמור כקובץ
report-leave = לעזוב את זה

## The plan and its review

problem-review-past = היום הזה כבר עבר; היום, { $today }, או יום מאוחר יותר מתאים.
problem-programme-unknown = אין מסלול בשם { $name }; אלה שיש: { $known }.
problem-proposal-name = הצעה נקראת לפי השבוע שלה והסוג שלה, כמו { $example }, ועונים עליה באותו שבוע.
proposal-stale = התוכנית השתנתה מאז שזה הוצג, ולכן היא נשארה כפי שהיא. מה שאפשר לבחור עכשיו מוצג מחדש.
review-not-yet = השבוע הזה עוד נמשך; יהיה על מה להביט לאחור החל מ{ $from }.
problem-proposal-answered = כבר בחרתם לשבוע הזה; את התוכנית עדיין אפשר לשנות.
proposal-keep = להשאיר את התוכנית כפי שהיא.
proposal-less = כמות קטנה יותר, אם זה מתאים יותר כרגע.
proposal-after-hard-week = ייתכן שכמות קטנה יותר תתאים לשבוע הבא. גם אותה כמות טובה באותה מידה.
proposal-after-pause = טוב שחזרתם. זו כמות שהייתה נוחה לכם קודם.
proposal-weekly-percent = { $weeks ->
    [one] אחרי שבוע אחד שבו נעשו { $reached } אחוז מהתוכנית או יותר, אפשר לנסות עוד { $percent } אחוז.
    [two] אחרי שבועיים שבהם נעשו { $reached } אחוז מהתוכנית או יותר, אפשר לנסות עוד { $percent } אחוז.
   *[other] אחרי { $weeks } שבועות שבהם נעשו { $reached } אחוז מהתוכנית או יותר, אפשר לנסות עוד { $percent } אחוז.
}
proposal-percentile = אם מסדרים לפי הגודל את { $days } הימים האחרונים שלכם עם הצמיד, זה היום במקום { $rank }.
proposal-build-up = { $weeks ->
    [one] אחרי שבוע אחד כמו בתוכנית, השלב הבא הוא { $minutes } דקות ב-{ $days } ימים.
    [two] אחרי שבועיים כמו בתוכנית, השלב הבא הוא { $minutes } דקות ב-{ $days } ימים.
   *[other] אחרי { $weeks } שבועות כמו בתוכנית, השלב הבא הוא { $minutes } דקות ב-{ $days } ימים.
}
proposal-quota-start = התחלה ב-{ $percent } אחוז מהממוצע של { $days } הימים האחרונים שלכם עם הצמיד.
proposal-quota-step = השלב הבא בתוכנית שלכם, { $weeks ->
    [one] שבוע
    [two] שבועיים
   *[other] { $weeks } שבועות
} אחרי הקודם, כפי שנקבע בה.
evidence-days = השבוע שהתחיל ב{ $from }: התוכנית הייתה { $planned ->
    [one] ליום אחד
    [two] ליומיים
   *[other] ל-{ $planned } ימים
}, ומתוכם בוצעו: { $met }.
evidence-amount = השבוע שהתחיל ב{ $from }: { $done }, ובתוכנית { $target }.
evidence-aside = השבוע שהתחיל ב{ $from }: בחלקו הייתה הפסקה, ולכן הוא לא נכלל.
evidence-open = השבוע שהתחיל ב{ $from }: לא ידוע, ולכן הוא נשאר פתוח.
review-days = { $days ->
    [one] הייתם פעילים ביום אחד: { $done }.
    [two] הייתם פעילים ביומיים, בסך הכול { $done }.
   *[other] הייתם פעילים ב-{ $days } ימים, בסך הכול { $done }.
}
review-week-met = עשיתם את מה שתכננתם לשבוע. ✓
review-days-met = { $days ->
    [one] ביום אחד עשיתם את מה שתכננתם. ✓
    [two] ביומיים עשיתם את מה שתכננתם. ✓
   *[other] ב-{ $days } ימים עשיתם את מה שתכננתם. ✓
}
review-best-day = היום המלא ביותר שלכם היה { $day }: { $done }.
review-diary = רשמתם גם ביומן { $count ->
    [one] דקה אחת של { $kind }
    [two] שתי דקות של { $kind }
   *[other] { $count } דקות של { $kind }
}.
review-choices = { $count ->
    [one] עשיתם בחירה קטנה אחת.
    [two] עשיתם שתי בחירות קטנות.
   *[other] עשיתם { $count } בחירות קטנות.
}
review-good-to-see-you = טוב לראות אתכם.
review-day-open = אין לנו מידע על { $weekday }, ולכן אנחנו משאירים את היום הזה פתוח.
review-week-open = לא הגיע אלינו דבר מהשבוע הזה, ולכן אנחנו משאירים אותו פתוח.
review-question-no-plan = תרצו להכין תוכנית לשבוע הבא?
review-question-paused = נתחיל שוב בכמות שמרגישה קלה?
review-question-well = מה עזר? ואיך תרצו שהשבוע הבא ייראה?
review-question-hard = תרצו להשאיר את התוכנית, להקטין אותה, או לבחור ימים אחרים?
review-question-gap = נתחיל בכמות שמרגישה קלה?
review-question-keep = תרצו להשאיר את התוכנית, או לשנות בה משהו?
review-title = מבט לאחור על השבוע
review-blinded = כל עוד המחקר שלכם נמשך, המספרים נשארים אצלו. התוכנית שלכם במילים שלכם נמצאת בדף "התוכנית שלי".
review-week = { $from } עד { $to }
review-went-well = מה הלך טוב
review-open = מה נשאר פתוח
review-question = שאלה אחת
review-next = השבוע הבא
review-chosen = בחרתם: { $size }.
review-other = משהו אחר: לשנות את התוכנית
review-weeks = שבועות אחרים
review-before = השבוע הקודם
review-latest = השבוע האחרון
proposal-title-keep = אותו דבר
proposal-title-less = קצת פחות
proposal-title-more = קצת יותר
proposal-take = לבחור בזה
proposal-take-keep = להשאיר
proposal-decline = לא הפעם
proposal-why = על מה זה מבוסס
plan-title = התוכנית שלי
plan-change-title = שינוי התוכנית שלי
plan-none = אין תוכנית כרגע. כל מה שתעשו נחשב.
plan-make = להכין תוכנית
plan-change = שינוי התוכנית שלי
plan-keep = להשאיר כפי שהיא
plan-to-review = מבט לאחור על השבוע
plan-look-again = רציתם להסתכל שוב על התוכנית הזו ב{ $day }.
plan-resume = להמשיך בתוכנית שלי
plan-pause-title = הפסקה
plan-pause-until = היום האחרון של ההפסקה
plan-pause-hint = דבר לא הולך לאיבוד בהפסקה, וכל מה שאתם עושים עדיין נחשב.
plan-pause-reason = מילה על הסיבה, אם רוצים
plan-pause = לצאת להפסקה
plan-end-summary = לסיים את התוכנית הזו
plan-end-about = מהיום אין תוכנית, עד שתכינו חדשה. מה שתוכנן ונעשה נשאר ברישום שלכם.
plan-end = לסיים את התוכנית הזו
plan-check-ins = שאלונים קצרים: מה נשאל כאן, וכל כמה זמן
plan-programme-title = מסלולים
plan-programme-about = מסלול הוא דרך לתכנן ולהביט לאחור. הוא לא משנה דבר בתוכנית בלעדיכם.
plan-programme-which = איזה מסלול מתאים לכם?
plan-programme-none = אף אחד: התוכנית היא שלי
plan-programme-use = לבחור במסלול הזה
plan-history = כל התוכניות שלי
plan-goes-on = נמשכת
plan-size = כמה
plan-since = מתאריך
plan-until = היום האחרון
plan-day = { $day }
plan-per-day = { $amount }, בכל יום
plan-per-day-on = { $amount } בכל יום שבתוכנית: { $days }
plan-per-week = { $amount } בשבוע
plan-own-words = התוכנית שלי במילים שלי
plan-own-words-hint = כמו שהייתם אומרים לחברים.
plan-specific = מה
plan-specific-hint = למשל: ללכת עד האגם ובחזרה.
plan-when-where = מתי ואיפה
plan-when-where-hint = למשל: אחרי ארוחת הצהריים, עם השכנים.
plan-because = למה זה חשוב לי
plan-because-hint = זה בשבילכם.
plan-measure = מה נספר
plan-amount = כמה
plan-amount-hint = דקות או צעדים, בספרות.
plan-period = לכל יום, או לשבוע?
plan-period-day = לכל יום שבתוכנית
plan-period-week = לכל השבוע; הימים לבחירתי
plan-days = באילו ימים
plan-from = היום הראשון
plan-from-hint = אם משאירים ריק, זה מתחיל היום.
plan-until-hint = אם משאירים ריק, זה נמשך עד שתשנו.
plan-review-on = מתי להסתכל שוב
plan-review-hint = יום שבו תרצו להסתכל שוב על התוכנית שלכם.
plan-confidence = מידת הביטחון שלי
plan-confidence-hint = מ-0 (בכלל לא) עד 10 (ביטחון מלא).
plan-confidence-is = { $sure } מתוך 10
plan-stage = המקום שלי בדרך
plan-decided = ההחלטה
plan-decided-person = שלי
plan-decided-together = שלי, יחד עם הצוות המטפל שלי
plan-therapist = הקוד של הצוות המטפל שלי
plan-therapist-hint = אם החלטתם יחד ויש לכם קוד כזה.
plan-set = לקבוע את התוכנית הזו
plan-back = חזרה לתוכנית שלי
plan-stale = התוכנית השתנתה בזמן שהדף הזה היה פתוח. מה שכתבתם נשמר כאן: שליחה נוספת תקבע אותו.
stage-precontemplation = אין לי כרגע מחשבות על יותר פעילות
stage-contemplation = יש לי מחשבות על זה
stage-preparation = יש קצת פעילות, ואני בדרך
stage-action = פעילות היא חלק מהשגרה שלי, פחות מחצי שנה
stage-maintenance = פעילות היא חלק מהשגרה שלי, יותר מחצי שנה
stage-unsaid = אעדיף לא לומר
measure-leisure-brisk-min = דקות של הליכה נמרצת בזמן הפנוי שלי
measure-leisure-min = דקות של הליכה נמרצת בזמן הפנוי שלי, ושל מה שנרשם ביומן
measure-steps = צעדים
measure-brisk-min = דקות של הליכה נמרצת, גם בעבודה
measure-bout-min = דקות של הליכה נמרצת במקטעים ארוכים יותר
problem-date = אפשר לבחור יום בלוח השנה, או לכתוב שנה-חודש-יום, כמו 2026-05-14.
problem-number = אפשר לכתוב כמה בספרות, כמו 20.
problem-measure = אפשר לבחור מהרשימה מה נספר.
problem-pause-open = מהו היום האחרון של ההפסקה?

## The door

door-host = הדפים האלה עונים לכתובות שלהם, ורק להן. במחשב הזה הכתובת היא { $url }
door-closed = כרגע אין גישה למחשבים אחרים. דבר לא השתנה.
door-elsewhere = זה הגיע מאתר אחר או מתוכנה אחרת, ולכן דבר לא השתנה. אפשר לפתוח את הדף כאן ולנסות שוב.
door-unknown = לדפדפן הזה עוד אין גישה. הפקודה `brisk web code` נותנת לו קוד.
door-another-person = הדפדפן הזה מציג את הדפים של אדם אחד. אפשר לבקש את אותו אדם בשם, או להשתמש בדפים.
kept-back = כל עוד המחקר שלכם נמשך, המספרים נשארים אצלו. הדפים מראים את מה שאפשר לראות.
door-stale = הדף הזה נשאר מביקור קודם, ולכן דבר לא השתנה. טענו אותו מחדש ושלחו שוב.
door-kind = מה שנשלח אינו טופס של הדפים האלה ואינו JSON. דבר לא השתנה.
door-long = זה ארוך יותר מטופס של הדפים האלה. דבר לא השתנה; טקסט קצר יותר ייכנס.
door-slow = מה שנשלח לא הגיע במלואו בתוך דקה, ולכן דבר לא השתנה. שלחו שוב.
door-no-pages = לא מוצגים כאן דפים. הפעילו את השירות עם `brisk run`, או בדקו את `listen` בסעיף `[web]` שבהגדרות.
door-open-house = זו הדגמה במחשב הזה: אין צורך בקוד, ולמחשבים אחרים אין גישה.
door-cannot-listen = אי אפשר לפתוח גישה למחשבים אחרים: ייתכן שתוכנה אחרת משתמשת בפורט, או שבערך `lan_listen` בסעיף `[web]` אין כתובת של המחשב הזה. דבר לא השתנה.
door-disk = אי אפשר היה לרשום את זה; האם הדיסק מלא? דבר לא השתנה.
page-missing = אין דף בכתובת הזו.
enter-title = פתיחת Brisk בדפדפן הזה
enter-code = קוד
enter-code-hint = שמונה ספרות, תקפות לעשר דקות. הפקודה הזו מציגה אותן במחשב שבו Brisk פועל:
enter-submit = לפתוח
enter-known = לדפדפן הזה כבר יש גישה: להמשיך
enter-whose = את הדפים של מי מציג הדפדפן הזה?
enter-wrong = זה לא הקוד של הרגע הזה. כל קוד טוב לדפדפן אחד ולעשר דקות; אפשר להכין חדש במהירות.
enter-no-code = בקוד יש שמונה ספרות, כמו 4821-7730.
enter-wait-seconds = היו כבר כמה ניסיונות. אפשר לנסות שוב בעוד { $count ->
    [one] שנייה אחת
    [two] שתי שניות
   *[other] { $count } שניות
}.
enter-wait-minutes = היו כבר כמה ניסיונות. אפשר לנסות שוב בעוד { $count ->
    [one] דקה אחת
    [two] שתי דקות
   *[other] { $count } דקות
}.

## Who may see these pages

network-title = מי רואה את הדפים האלה
network-others = מחשבים וטלפונים אחרים
network-closed = למחשבים אחרים אין גישה: הדפים האלה הם של המחשב הזה לבדו.
network-how-long = לתת גישה למחשבים אחרים בבית הזה
network-hours = { $count ->
    [one] לשעה אחת
    [two] לשעתיים
   *[other] ל-{ $count } שעות
}
network-until-off = עד שאבטל
network-expose = לתת גישה
network-open = למחשבים אחרים בבית הזה יש גישה עד שתבטלו אותה. הדפים נמצאים שם בכתובת:
network-open-until = למחשבים אחרים בבית הזה יש גישה עד { $date }, { $time }. הדפים נמצאים שם בכתובת:
network-open-hint = לכל דפדפן שם נחוץ קוד. מה שהוא מציג עובר ברשת של הבית הזה בלי הצפנה.
network-close = לבטל את הגישה
network-code = קוד לדפדפן נוסף
network-code-hint = לכל דפדפן נחוץ קוד פעם אחת. הקוד נותן גישה לדפדפן אחד, בתוך עשר דקות.
network-code-until = תקף לדפדפן אחד, עד { $time }.
network-code-new = להכין קוד חדש
network-browsers = דפדפנים שיש להם גישה
network-this-browser = הדפדפן הזה
network-since = מאז { $date }.
network-seen = ביקור אחרון: { $date }.
network-revoke = לבטל את הגישה של { $name }

## The page Privacy

privacy-title = מה נשמר עליכם
privacy-back = חזרה למה שנשמר עליכם
privacy-kept = מה נשמר
privacy-since = מה שהצמיד שלכם ספר, מאז { $date }.
privacy-nothing-counted = עדיין אין דבר מצמיד.
privacy-readings = { $count ->
    [one] קריאה אחת של { $label }.
    [two] שתי קריאות של { $label }.
   *[other] { $count } קריאות של { $label }.
}
privacy-shared = הוא היה גם אצל אחרים בבית הזה; כולם רואים את הימים שלהם.
privacy-goals = { $count ->
    [0] עדיין אין יעדים.
    [one] יעד אחד, כפי שקבעתם אותו.
    [two] שני יעדים, כפי שקבעתם אותם.
   *[other] { $count } יעדים, כפי שקבעתם אותם.
}
privacy-diary = { $count ->
    [0] עדיין אין דבר ביומן שלכם.
    [one] רישום אחד ביומן שלכם.
    [two] שני רישומים ביומן שלכם.
   *[other] { $count } רישומים ביומן שלכם.
}
privacy-check-ins = { $count ->
    [one] שאלון קצר אחד שעניתם עליו.
    [two] שני שאלונים קצרים שעניתם עליהם.
   *[other] { $count } שאלונים קצרים שעניתם עליהם.
}
privacy-where = הכול נמצא במחשב הזה, { $size } יחד עם מה ששייך לכל מי שבבית הזה, בתיקייה
privacy-who = מי רואה את זה
privacy-who-browsers = דפדפנים שיש להם גישה
privacy-who-here = הדפים שלכם נפתחים במחשב הזה, בדפדפן שקיבל גישה בעזרת קוד. למחשבים אחרים אין גישה.
privacy-who-exposed = הדפים שלכם נפתחים במחשב הזה, וכרגע גם במחשבים אחרים ברשת הביתית שלכם, כל אחד אחרי קוד.
privacy-who-others = לאחרים בבית הזה יש דפים משלהם.
privacy-who-disk = מי שמשתמשים במחשב הזה בהרשאות של הבעלים, או לוקחים את הדיסק שלו, יכולים לקרוא את הקבצים.
privacy-left = מה יצא מהבית הזה
privacy-left-nothing = שום דבר.
privacy-left-taken = לקחתם הכול אתכם:
privacy-left-on = ב{ $date }
privacy-left-open = ניתנה גישה למחשבים אחרים ברשת הביתית שלכם. מה שדפדפן הציג שם, אחרי קוד, יצא מהמחשב הזה:
privacy-left-from = מ{ $date }, { $time }, עד { $end }, { $ended }
privacy-left-since = מאז { $date }, { $time }
privacy-left-display = המספרים של היום, כפי שהדפים שלכם מציגים אותם, נשלחים לשרת ה-MQTT בכתובת { $broker }, בשביל המסכים
    בבית. מי שרשאי להקשיב שם יכול לראות אותם.
privacy-left-display-before = בעבר נשלחו מספרים מהבית הזה לשרת MQTT, בשביל מסכים. עכשיו זה כבוי.
privacy-left-study = { $count ->
    [0] המחקר שלכם מקבל את הימים שלכם, כל יום אחרי שהסתיים, בכתובת { $place }. עדיין לא נשלח אף יום.
    [one] המחקר שלכם מקבל את הימים שלכם, כל יום אחרי שהסתיים, בכתובת { $place }: עד עכשיו יום אחד.
    [two] המחקר שלכם מקבל את הימים שלכם, כל יום אחרי שהסתיים, בכתובת { $place }: עד עכשיו יומיים.
   *[other] המחקר שלכם מקבל את הימים שלכם, כל יום אחרי שהסתיים, בכתובת { $place }: עד עכשיו { $count } ימים.
}
privacy-left-targets = דבר לא נשלח מכאן: לא למחקר, לא ליצרן ולא לשירות כלשהו.
privacy-take = לקחת את הנתונים שלי
privacy-take-what = כל מה שנשמר עליכם בקובץ אחד, קובץ zip עם טבלאות שכל גיליון אלקטרוני פותח, ודף שמסביר אותן. על מה שלקחתם אתם שומרים בעצמכם.
privacy-take-blinded = בקובץ נמצאים כל המספרים, גם אלה שהדפים שלכם לא מציגים בינתיים.
privacy-take-button = לקחת את הנתונים שלי
privacy-erase = מחיקה
privacy-erase-what = אפשר למחוק את כל מה שנשמר עליכם. אין דרך חזרה; בדף הבא כתוב מה קורה.
privacy-erase-link = לדף המחיקה
privacy-erase-title = מחיקת מה שנשמר עליכם
privacy-erase-gone = זה נמחק, מכל קובץ ש-Brisk שומר במחשב הזה:
privacy-erase-gone-readings = כל הקריאות של הימים שלכם, והימים שחושבו מהן
privacy-erase-gone-words = היעדים שלכם, היומן שלכם, התשובות שלכם והמילים שלכם
privacy-erase-gone-counter = לא מחפשים עוד את הצמיד שלכם; מה ששמור בו נשאר בו
privacy-erase-stays = זה נשאר: שורה אחת שאומרת שנמחקו נתונים, מתי, וכמה. אין בה שם. על עותקים שהכנתם ועל מה שלקחתם אתם שומרים בעצמכם.
privacy-erase-first = אם תרצו לשמור עותק, אפשר לקחת אותו לפני כן:
privacy-erase-type = כדי להמשיך, הקלידו { $id } ולחצו על הכפתור.
privacy-erase-confirm = המזהה שלכם
privacy-erase-other = זה לא { $id }. דבר לא נמחק.
privacy-erase-button = למחוק הכול
privacy-erased-title = הכול נמחק
privacy-erased = { $count ->
    [one] רשומה אחת הוצאה, ולא נשאר כאן דבר עליכם.
    [two] שתי רשומות הוצאו, ולא נשאר כאן דבר עליכם.
   *[other] { $count } רשומות הוצאו, ולא נשאר כאן דבר עליכם.
}
privacy-erase-nothing = לא שמור עליכם דבר, ולכן דבר לא נמחק.
privacy-note-settings = בהגדרות עדיין רשום האדם הזה: אפשר להוציא את החלק `[[person]]` שלו מהקובץ brisk.toml.
privacy-note-counter = לא מחפשים עוד את מד הצעדים. ייתכן שהימים האחרונים עוד שמורים בו: אם יקושר שוב, הוא יביא אותם מחדש.
privacy-note-told = למסד הנתונים של המחקר „{ $target }” נמסר שעזבתם; הימים שכבר נמצאים שם נשארים במחקר. עד שיענה, הכינוי שלכם והתאריכים של הימים האלה שמורים כאן בתיקייה „leaving”, ובשום מקום אחר.
privacy-note-taken-out = למסד הנתונים של המחקר „{ $target }” נמסר שעזבתם ושיש להוציא משם את הימים שלכם. עד שיענה, הכינוי שלכם והתאריכים של הימים האלה שמורים כאן בתיקייה „leaving”, ובשום מקום אחר.
privacy-note-untold = במסד הנתונים של המחקר „{ $target }” יש ימים שלכם, והוא כבר לא רשום בהגדרות: אנא ספרו למחקר בעצמכם שעזבתם.
privacy-note-undated = { $count ->
    [one] קריאה אחת נשארת: לא ידוע ממתי היא, ומד הצעדים כבר לא שלכם.
    [two] שתי קריאות נשארות: לא ידוע ממתי הן, ומד הצעדים כבר לא שלכם.
   *[other] { $count } קריאות נשארות: לא ידוע ממתי הן, ומד הצעדים כבר לא שלכם.
}
privacy-note-key = לא היה אפשר להסיר את המפתח של מד צעדים מהתיקייה `keys`: { $error }.
privacy-note-files = כמה קבצים ישנים לא הוסרו עדיין; הם יימחקו כש-Brisk יופעל שוב.
privacy-note-browsers = לא היה אפשר לכתוב את רשימת הדפדפנים; `brisk web revoke --of` מוציא אותם ממנה.
privacy-note-paired = ייתכן שמד צעדים עדיין רשום במערכת כמקושר; אפשר להסיר אותו בהגדרות ה-Bluetooth.
privacy-receipt = הקבלה שלכם
privacy-receipt-keep = היא מראה שהנתונים שלכם נמחקו, והיא לא נשמרת כאן. אפשר לשמור אותה אם תרצו להראות זאת יום אחד.
privacy-receipt-save = לשמור את הקבלה

## The page that explains what somebody takes away

takeout-readme = כל מה ש-Brisk שמר על { $person } עד { $date }

    days.csv        שורה לכל יום; כל עמודה מוסברת בקובץ codebook.csv
    weeks.csv       שורה לכל שבוע, עם הסבר בקובץ codebook_weeks.csv
    minutes.csv     כל דקה ידועה, עם הצעדים שלה
    readings.jsonl  כל קריאה כפי שמד הצעדים מסר אותה, אחת בשורה; קריאה שהגיעה פעמיים מופיעה פעמיים
    goals.csv       היעדים, עם הימים שבהם היו בתוקף
    diary.csv       היומן
    check_ins.csv   תשובות לשאלונים
    decisions.jsonl כל מה שהוחלט ונרשם, לפי הסדר, בלי להשמיט דבר
    audit.jsonl     יומן הביקורת: כל החלטה וכל גרסה של יום, מי גרם לה ומדוע
    sent.csv        הימים שנשלחו למסדי נתונים של מחקר, ומה עלה בגורל כל אחד מהם
    datapackage.json, datapackage_weeks.json מתארים את הטבלאות בשביל תוכנות

    תא ריק פירושו לא ידוע, ואף פעם לא אפס. גם דקה שאינה רשומה אינה ידועה.
    שעות שמסתיימות ב-Z הן לפי UTC; בעמודה start_local רשומה השעה שעל הקיר. הסימון at_least מציין מספר שייתכן שהיה גדול יותר.
    בעמודה by רשום של מי ההחלטה; בעמודה number רשום המספר שנתן מד הצעדים לקריאה.
    כל הקבצים הם טקסט UTF-8. כל גיליון אלקטרוני פותח את הטבלאות.
