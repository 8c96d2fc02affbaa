"""The wordings that boilerplate.py goes by: what is only ever said to the audience, and what is also talked about.

A phrase is in lower case with plain apostrophes and blanks for hyphens; phrases are parted by lines or semicolons.
"a|b" stands for either, "[a|b]" for either or nothing, "_" for a blank within them. A weight of 1 is a label by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

# What only a host says, to the audience: each labelled stretch holds at least one of them.
SPONSOR_STRONG = """
    this|today's|our|the|week's|tonight's episode|show|podcast|program|video is [also] brought to you [in_part|today] by
    this|today's|our|the|week's|tonight's episode|show|podcast|program|video|stream is [also] sponsored|supported by
    support for this|the|today's episode|podcast|show|program [today] comes|is_provided|is_brought from|by|to_you_by
    support for this|the podcast|show and the|this following|next message come|comes from
    the following|next message comes|come from; this message comes from
    thanks|thank_you to our sponsor|sponsors for this|today's episode|show|podcast
    time|have to talk about our [first|second|next] sponsor|sponsors
    tell|talk [to] you about our [first|second|third|next|final] sponsor
    quick|short break|word|message to_hear_from|from our|today's [episode] sponsor|sponsors
    a [quick|short|brief|few] word|words|message|messages from our|today's sponsor|sponsors|partner|partners
    let's hear from our sponsor|sponsors; and now a word from
    today's|week's|episode's sponsor is
    use [promo|discount|coupon|offer] code at checkout
    use|enter [the|my|our|this] promo|discount|coupon|offer code; head to our sponsor
    percent|% off with|using [the|my|our|this] [promo|discount|coupon|offer] code
"""
SPONSOR_LIKELY = """
    with|using [the|my|our|this] promo|discount|coupon|offer code
    is brought to you [in_part|today] by; it's brought to you by; our sponsor|sponsors today|this_week
    today's sponsor|sponsors; let's thank our
    percent|% off your [first|next|entire|whole|annual] order|purchase|box|month|year|subscription|membership|plan
    your first month|week|order|box|year [is] free|for_free
    free trial at; cancel any_time|anytime; terms and conditions apply; free starter account
    tell them we|i sent you; let them know [that] we|i sent you; tell them that we|i sent you
    our thanks to; sign up today|now at
    for [all] their|the support of this|the|our show|podcast|episode
"""
# Also said by programmers: not enough without another word, not even at the edge of an episode.
SPONSOR_WEAK = """
    use code; enter code; please share; apply code; the checkout code; code at checkout
"""
SPONSOR_TOPIC = """
    sponsor|sponsors|sponsored|sponsorship; promo|discount|coupon|offer code|codes; checkout; discount; percent|% off
    free trial|shipping; advertisement; advertiser|advertisers; annual|premium plan|account|subscription
    with|using|enter code; use|enter|using the|this|my|our code; episode of; free for; check it|them out
    money back guarantee; special|limited_time offer; one more time
    that's code; brought to you by; listeners get; for listeners; support of
"""
PROMOTION_STRONG = """
    don't|dont forget|hesitate to [like|rate|follow|share] [and|,] subscribe; like|share|comment|rate and subscribe
    please [like|rate|follow|share] [and|,] subscribe; remember|make_sure|be_sure to [like|hit_like] [and] subscribe
    rate and|, review us|the|this|it; rate , review; rate and review [us|the_show|the_podcast] on|in|wherever
    leave|give|write us|me|the_show|the_podcast [a|an] [five|5|nice|quick|honest|short|good] [star] review|rating
    subscribe|follow [to] us|the_show|this_show|the_podcast|this_podcast|our_podcast|our_show wherever|on|in|at
    subscribe [to_us] wherever|on_apple|on_itunes|in_itunes|on_spotify|on_youtube|in_your
    subscribe to our|my|the|this channel|youtube|youtube_channel
    wherever you get|find|download|listen_to your|podcasts
    link|links is|are in the description|bio; description box [down] below; in the description below
    pick_up|grab|buy|get|check_out some [of_our] merch
    support|supporting us|me|the_show|the_podcast|this_podcast|this_show|our_work on patreon
    support|supporting us|the_show|the_podcast|this_podcast|this_show by becoming|buying|joining|leaving|subscribing
    become|becoming a [paid|paying] patron|supporter|subscriber at|on|today
"""
PROMOTION_LIKELY = """
    hit|smash|press|click|tap the|that subscribe|like|bell|follow button; our merch|merchandise [store|shop]
    leave a [five|5|positive|nice|quick|honest|short|good] [star] review|rating on|in|at|wherever|for
    patreon dot com; patreon.com
    subscribe|subscribed|subscribing to our|the|this|my podcast|show|channel|newsletter|feed; please subscribe|rate
    if you enjoyed|liked|enjoy|loved [listening_to] this|the|today's|our episode|show|podcast|video
    tell a friend|your_friends|someone about the|this|our show|podcast|episode; follow us on|at; find us on|at|online
    reach|email|write|contact us at; reach out to us at; join our|us_on patreon|discord|slack|telegram|newsletter
    we_are|we're [also] on rumble|youtube|odysee|odyssey|bitchute|telegram|twitter
    we_are|we're [also] on instagram|facebook|mastodon|substack|rokfin
    link|links in the description
    give us [a|five|5] five|5|star|stars; leave us [a] comment|comments|review|rating|message|voicemail
    thanks|thank_you [so_much|very_much|again|everyone|everybody|all|you|you_all] for listening|watching|tuning_in
    catch|see you next time|week|episode|video; we'll|we_will be back next|again week|time
    join us next|again week|time
    our theme music|song; this|the|our episode|podcast|show was produced|edited|mixed by
    this|the|our episode|podcast|show is produced|hosted|edited by
    for more information|episodes visit|go|head; you can support us|me|the_show; you can find the show|us|all
    that's [it|all] for this|today's week's_show|week's_episode|episode|show; our patreon
"""
PROMOTION_TOPIC = """
    subscribe|subscribed; patreon; merch; merchandise; t shirt|shirts; hoodie|hoodies; five star|stars; review; rating
    apple|google podcasts; stitcher; spotify; itunes; overcast; rumble; odysee; odyssey; bitchute; rokfin; telegram
    instagram; facebook; twitter; mastodon; discord; newsletter; show notes; for listening; take care; stay tuned
    until next time; next time|week; end the video|episode|show; leave it there; bonus content|episode|episodes
    supporters; patrons; description; on social media; follow us; music by; executive producer
    see you; bye; hosted by; edited by; produced by
"""
# The same in a handful of other languages, without the fine distinctions.
SPONSOR_OTHER = """
    diese|dieser folge|episode|podcast wird|ist [euch] präsentiert|unterstützt|gesponsert; werbepartner dieser|der
    diese|dieser folge|episode|podcast wird|ist [heute] präsentiert|unterstützt|gesponsert von
    rabattcode|gutscheincode
    mit dem code; sponsor dieser|der heutigen|folge|episode
    cet|cette épisode|émission|podcast [vous] est [également] sponsorisé|sponsorisée|présenté|soutenu par
    avec|utilisez le|notre code [promo]; le|notre sponsor de cet|cette
    este|nuestro episodio|podcast|programa está|es patrocinado|presentado por; código de descuento; código promocional
    este|nosso episódio|podcast|programa é|tem|foi patrocinado|apresentado|oferecido por|pela|pelo; o patrocínio de
    com o cupom; cupom de desconto
    спонсор этого|нашего|сегодняшнего выпуска|подкаста|эпизода; по промокоду; с промокодом
    этот|сегодняшний выпуск|подкаст|эпизод вышел|выходит|создан при поддержке
"""
PROMOTION_OTHER = """
    abonniert|abonnieren [sie] unseren|den|diesen|meinen|uns podcast|kanal|newsletter|auf|bei|gerne
    lasst|lass|hinterlasst uns [gerne|doch] eine|ein [positive] bewertung|rezension|abo|like; in den shownotes
    link|links in der|den beschreibung|shownotes|videobeschreibung
    abonnez vous à|au|sur|pour [notre|la|ce] podcast|chaîne|ne|apple|spotify; abonnez vous; vous abonner à notre
    laissez [nous] un|une|des avis|commentaire|note|étoiles; lien en|dans [la] description
    suscríbete|suscríbanse a|al|en [nuestro|este] podcast|canal|tu|spotify|youtube; no olvides suscribirte|dejar
    déjanos|deja una|tu reseña|valoración|comentario; enlace en la descripción
    inscreva|inscrevam se no|em [nosso|meu] canal|podcast; se inscrever no canal|nosso; link na descrição
    não se esqueça|esqueçam de se|deixar|avaliar; deixe|deixa o|seu [seu] like|comentário|avaliação
    подписывайтесь|подпишитесь на наш|канал|подкаст|нас; ставьте|поставьте лайк|лайки|оценку|пять
    ссылка|ссылки в описании
"""
# Where to go: all of them count as one.
WEB_ADDRESS = """
    dot com|org|io|co|net|fm|blog|app|dev; dot com|org|io|co|net|fm [forward] slash; .com; .org; .io; .co; .fm; .net
    go to; visit; head [on] [over] to; learn more at; our friends at|over_at; hop over to
"""
# Shortly before a phrase these say that somebody talks about it, or that it is not so: then it counts less.
REPORTED_SPEECH = """
    they|people|folks|youtubers|podcasters|everybody|everyone|someone|podcasts [always|all|just|would|will] say|says
    he|she|they|everybody|someone|somebody said; used to say
    the|a phrase|words|line|lines|sentence|slogan [like|saying]
    all those; you hear; say things like
    tell|told|asked|asks|telling people|him|her|me|users|customers; begging; hate|hated; it|this|that wasn't|isn't
    i remember; imagine; quote; a joke; who say|says|said; instead of; the whole
    customers|users|people|they|companies [will|can|would|then|who|to|just|could|should]
"""


def expand_phrases(table: str) -> Iterator[str]:
    """The phrases of a table, each alternative written out."""
    for phrase in table.replace("\n", ";").split(";"):
        tokens = phrase.split()
        if not tokens:
            continue
        options = [("|" + t[1:-1] if t[0] == "[" else t).split("|") for t in tokens]
        for chosen in product(*options):
            yield " ".join(filter(None, chosen)).replace("_", " ").replace(" ,", ",")
