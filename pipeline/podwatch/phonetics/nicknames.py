"""Nicknames: other first names that one person is called by. Who watches Mike Waltz means Michael Waltz, too.

Written by hand: what English-speaking news calls people, and forms of one name in neighbouring languages. Spellings
that sound alike (Sergey, Sergei) need no entry.
"""

from __future__ import annotations

from collections.abc import Iterable

_GROUPS = """
abe abraham; al albert alan alfred; alex alexander alexandra alexei alec sasha sandy aleksandr oleksandr alejandro;
andy andrew andre andrei andriy; ann anne anna annie hannah; art arthur; barb barbara; ben benjamin benny; bernie
bernard; beth elizabeth liz lizzie eliza betty lisbeth; bill william billy will willy liam; bob robert bobby rob
robbie roberto; cathy catherine kathy katherine kate katie kathleen katya ekaterina; charlie charles chuck carlos;
chris christopher christian christine christina kristen; cindy cynthia; dan daniel danny; dave david; deb deborah
debbie; dick richard rick rich ricky; dmitry dmitri dima dmytro; don donald donny; doug douglas; ed edward eddie ted
eduardo; eugene gene evgeny yevgeny; fred frederick freddy alfred; gabby gabriel gabriella gabrielle; geoff geoffrey
jeff jeffrey; george georgy jorge yuri; greg gregory grigory; hank henry harry; igor ihor; ivan john jack johnny jon
juan; jake jacob; jan john; jen jennifer jenny; jerry gerald jerome jeremy; jess jessica; jim james jimmy jamie; joe
joseph joey jose giuseppe; josh joshua; judy judith; ken kenneth kenny; kim kimberly; larry lawrence; len leonard
lenny leonid; leo leon leonardo; maggie margaret meg peggy; manny manuel emmanuel; marc mark marco; matt matthew
matteo; max maxwell maximilian maxim; mel melvin melanie; mike michael mick mikhail miguel michel mykhailo; mitch
mitchell; nancy ann; nate nathan nathaniel; ned edward; nick nicholas nicolas nikolai mykola niklas; olga olha; pam
pamela; pat patrick patricia patty; paul pavel pavlo pablo; pete peter pyotr petro pedro; phil philip philippe
phillip; ray raymond; ron ronald ronnie; russ russell; sam samuel; sam samantha; sergio sergei serhiy sergiy; stan
stanley stanislav; steph stephanie; steve steven stephen stefan stephan; sue susan suzanne susie; tad
thaddeus; ted theodore teddy; terry terence theresa; tim timothy; toby tobias; tom thomas tommy tomas; tony anthony
antony; antonio anton; val valerie valentina; vic victor viktor; vince vincent; vlad vladimir volodymyr; walt walter;
wes wesley; yulia julia; zach zachary zack
"""
_NICKNAMES: dict[str, set[str]] = {}
for _group in _GROUPS.replace("\n", " ").split(";"):
    for _name in _group.split():
        _NICKNAMES.setdefault(_name, set()).update(_group.split())


def nicknames_of(first_names: Iterable[str]) -> frozenset[str]:
    """The other first names that people with these plain first names are called by."""
    mine = frozenset(first_names)
    return frozenset[str]().union(*(_NICKNAMES.get(name, ()) for name in mine)) - mine
