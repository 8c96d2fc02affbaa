"""The words in which feeds write dates: months of the languages that podcasts are made in, and names of time zones.

Months are given in full, in the forms that stand beside a day; every beginning of three letters or more is understood
where it means one month only. Days of the week need no table: a word that is no month is passed over.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict

_MONTHS = """
en January February March April May June July August September October November December
de Januar Februar März April Mai Juni Juli August September Oktober November Dezember
at Jänner Feber März April Mai Juni Juli August September Oktober November Dezember
fr janvier février mars avril mai juin juillet août septembre octobre novembre décembre
es enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
it gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
pt janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
ca gener febrer març abril maig juny juliol agost setembre octubre novembre desembre
nl januari februari maart april mei juni juli augustus september oktober november december
sv januari februari mars april maj juni juli augusti september oktober november december
da januar februar marts april maj juni juli august september oktober november december
no januar februar mars april mai juni juli august september oktober november desember
fi tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta
 marraskuuta joulukuuta
pl stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
pl styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
cs ledna února března dubna května června července srpna září října listopadu prosince
cs leden únor březen duben květen červen červenec srpen září říjen listopad prosinec
ru января февраля марта апреля мая июня июля августа сентября октября ноября декабря
ru январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
uk січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
tr Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık
ro ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie
bg януари февруари март април май юни юли август септември октомври ноември декември
sr januar februar mart april maj jun jul avgust septembar oktobar novembar decembar
lt sausio vasario kovo balandžio gegužės birželio liepos rugpjūčio rugsėjo spalio lapkričio gruodžio
lv janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris
et jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember
el Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου Δεκεμβρίου
id Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember
ar يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
he ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר
hu január február március április május június július augusztus szeptember október november december
"""
# Short forms that are no beginning of a name, or of several.
_SHORT = {
    "mar": 3,
    "mrt": 3,
    "mrz": 3,
    "maj": 5,
    "cvn": 6,
    "cer": 6,
    "cerven": 6,
    "cvc": 7,
    "fvr": 2,
    "ekm": 10,
    "ag": 8,
}

# Hours from UTC. A name that several zones have stands for one: BST for Britain's, IST for India's, CST, EST, MST, PST
# and AST for America's (RFC 822, 5.1, has the first four).
_ZONES = """
UT 0 UTC 0 GMT 0 Z 0 WET 0 WEST 1 BST 1 CET 1 CEST 2 MET 1 MEST 2 MEZ 1 MESZ 2 HNEC 1 HAEC 2 EET 2 EEST 3 OEZ 2 OESZ 3
MSK 3 MSD 4 TRT 3 IDT 3 SAMT 4 YEKT 5 OMST 6 KRAT 7 IRKT 8 YAKT 9 VLAT 10
WAT 1 CAT 2 SAST 2 EAT 3 GST 4 IRST 3.5 AFT 4.5 PKT 5 IST 5.5 NPT 5.75 BDT 6 MMT 6.5 ICT 7 WIB 7 WITA 8 WIT 9
SGT 8 MYT 8 HKT 8 PHT 8 PHST 8 KST 9 JST 9 AWST 8 ACST 9.5 ACDT 10.5 AEST 10 AEDT 11 NZST 12 NZDT 13
NST -3.5 NDT -2.5 AST -4 ADT -3 EST -5 EDT -4 ET -5 CST -6 CDT -5 CT -6 MST -7 MDT -6 MT -7 PST -8 PDT -7 PT -8
AKST -9 AKDT -8 HST -10 BRT -3 BRST -2 ART -3 UYT -3 CLT -4 CLST -3 VET -4 BOT -4 COT -5 PET -5
"""


def fold(text: str) -> str:
    """The text in small letters without accents, as these tables have it."""
    small = text.casefold().replace("ı", "i")
    if small.isascii():
        return small
    return "".join(c for c in unicodedata.normalize("NFKD", small) if not unicodedata.combining(c))


def _month_table() -> dict[str, int]:
    meanings: dict[str, set[int]] = defaultdict(set)
    for line in _MONTHS.replace("\n ", " ").strip().splitlines():
        for number, name in enumerate(fold(line).split()[1:], 1):
            for length in range(3, len(name) + 1):
                meanings[name[:length]].add(number)
    return {word: next(iter(numbers)) for word, numbers in meanings.items() if len(numbers) == 1} | _SHORT


MONTHS = _month_table()
ZONES = {
    name.lower(): float(hours) for name, hours in zip(_ZONES.split()[::2], _ZONES.split()[1::2], strict=True)
}  # hours
