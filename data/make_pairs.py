#!/usr/bin/env python3
"""Writes data/pairs/zh-en.tsv and zh-en.dev.tsv.

    python3 data/make_pairs.py            # writes both files
    python3 data/make_pairs.py --check    # only checks that the files are what the script would write

Each file starts with the pairs written by hand (data/pairs/by-hand). The rest is put together here from bilingual
building blocks. The same input gives the same files, byte for byte.
"""

import random
import sys
from itertools import product
from pathlib import Path

PAIRS = Path(__file__).resolve().parent / "pairs"
TRAIN_PER_PATTERN, DEV_PER_PATTERN = 20, 5

# Who: (Chinese, English, singular third person?)
PEOPLE = [
    ("我", "I", False), ("他", "he", True), ("她", "she", True), ("我们", "we", False), ("他们", "they", False),
    ("我姐姐", "my elder sister", True), ("我弟弟", "my younger brother", True), ("我的老师", "my teacher", True),
    ("我的朋友", "my friend", True), ("我叔叔", "my uncle", True), ("我的邻居", "my neighbour", True),
    ("我们的同事", "our colleague", True), ("那个学生", "that student", True), ("我父母", "my parents", False),
]
OTHERS = [("我", "me"), ("他", "him"), ("她", "her"), ("我们", "us"), ("奶奶", "Grandma"), ("老师", "the teacher"), ("我妹妹", "my younger sister")]
CITIES = [
    ("北京", "Beijing"), ("上海", "Shanghai"), ("东京", "Tokyo"), ("首尔", "Seoul"), ("曼谷", "Bangkok"), ("河内", "Hanoi"),
    ("新加坡", "Singapore"), ("新德里", "New Delhi"), ("德黑兰", "Tehran"), ("安卡拉", "Ankara"), ("开罗", "Cairo"),
    ("内罗毕", "Nairobi"), ("拉巴特", "Rabat"), ("阿克拉", "Accra"), ("柏林", "Berlin"), ("巴黎", "Paris"), ("罗马", "Rome"),
    ("马德里", "Madrid"), ("里斯本", "Lisbon"), ("伦敦", "London"), ("都柏林", "Dublin"), ("奥斯陆", "Oslo"), ("赫尔辛基", "Helsinki"),
    ("华沙", "Warsaw"), ("布拉格", "Prague"), ("维也纳", "Vienna"), ("雅典", "Athens"), ("莫斯科", "Moscow"), ("华盛顿", "Washington"),
    ("渥太华", "Ottawa"), ("墨西哥城", "Mexico City"), ("哈瓦那", "Havana"), ("波哥大", "Bogota"), ("利马", "Lima"),
    ("巴西利亚", "Brasilia"), ("布宜诺斯艾利斯", "Buenos Aires"), ("堪培拉", "Canberra"), ("悉尼", "Sydney"), ("惠灵顿", "Wellington"),
]
COUNTRIES = [
    ("日本", "Japan"), ("韩国", "South Korea"), ("泰国", "Thailand"), ("越南", "Vietnam"), ("印度", "India"), ("伊朗", "Iran"),
    ("土耳其", "Turkey"), ("埃及", "Egypt"), ("肯尼亚", "Kenya"), ("摩洛哥", "Morocco"), ("加纳", "Ghana"), ("尼日利亚", "Nigeria"),
    ("德国", "Germany"), ("法国", "France"), ("意大利", "Italy"), ("西班牙", "Spain"), ("葡萄牙", "Portugal"), ("英国", "the United Kingdom"),
    ("爱尔兰", "Ireland"), ("挪威", "Norway"), ("瑞典", "Sweden"), ("芬兰", "Finland"), ("波兰", "Poland"), ("奥地利", "Austria"),
    ("希腊", "Greece"), ("俄罗斯", "Russia"), ("美国", "the United States"), ("加拿大", "Canada"), ("墨西哥", "Mexico"), ("古巴", "Cuba"),
    ("哥伦比亚", "Colombia"), ("秘鲁", "Peru"), ("巴西", "Brazil"), ("阿根廷", "Argentina"), ("智利", "Chile"), ("澳大利亚", "Australia"),
    ("新西兰", "New Zealand"), ("尼泊尔", "Nepal"), ("蒙古", "Mongolia"), ("塞内加尔", "Senegal"),
]
LANGUAGES = [
    ("汉语", "Chinese"), ("英语", "English"), ("法语", "French"), ("德语", "German"), ("西班牙语", "Spanish"), ("葡萄牙语", "Portuguese"),
    ("意大利语", "Italian"), ("俄语", "Russian"), ("日语", "Japanese"), ("韩语", "Korean"), ("阿拉伯语", "Arabic"), ("泰语", "Thai"),
    ("越南语", "Vietnamese"), ("土耳其语", "Turkish"), ("荷兰语", "Dutch"), ("瑞典语", "Swedish"), ("波兰语", "Polish"), ("希腊语", "Greek"),
]
MONTHS = list(zip(
    ("一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月"),
    ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
))
SEASONS = [("春天", "spring"), ("夏天", "summer"), ("秋天", "autumn"), ("冬天", "winter")]
WEEKDAYS = list(zip(
    ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期天"),
    ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"),
))
ZH_NUMBERS = ["零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]
EN_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
TIMES = [
    ("早上七点", "seven in the morning"), ("上午九点半", "half past nine in the morning"), ("上午十一点", "eleven in the morning"),
    ("中午十二点", "twelve noon"), ("下午一点一刻", "a quarter past one in the afternoon"), ("下午三点", "three in the afternoon"),
    ("下午五点半", "half past five in the afternoon"), ("晚上七点", "seven in the evening"), ("晚上九点", "nine in the evening"),
]
# Weather, with temperatures that go with it.
WEATHER = [
    ("有雨", "rainy", (8, 14, 19)), ("晴天", "sunny", (12, 21, 27)), ("多云", "cloudy", (9, 16, 23)), ("有大风", "windy", (5, 11, 17)),
    ("有雾", "foggy", (3, 7, 13)),
]
PLACES = [
    ("图书馆", "the library"), ("博物馆", "the museum"), ("火车站", "the railway station"), ("邮局", "the post office"), ("银行", "the bank"),
    ("电影院", "the cinema"), ("学校", "the school"), ("公园", "the park"), ("大使馆", "the embassy"), ("书店", "the bookshop"),
]
NEARBY = [
    ("银行", "a bank"), ("邮局", "a post office"), ("药店", "a chemist's"), ("超市", "a supermarket"), ("医院", "a hospital"),
    ("地铁站", "an underground station"), ("中国餐馆", "a Chinese restaurant"), ("便宜的旅馆", "a cheap hotel"),
]
ASKING = [("请问，", "excuse me, "), ("不好意思，", "sorry to trouble you, "), ("您好，", "hello, ")]
FRUIT = [("苹果", "apples"), ("香蕉", "bananas"), ("葡萄", "grapes"), ("橙子", "oranges"), ("土豆", "potatoes"), ("西红柿", "tomatoes"), ("桃子", "peaches")]
FOOD = [
    ("意大利面", "Italian pasta"), ("日本寿司", "Japanese sushi"), ("印度咖喱", "Indian curry"), ("北京烤鸭", "Peking duck"),
    ("墨西哥玉米饼", "Mexican tacos"), ("越南米粉", "Vietnamese rice noodles"), ("土耳其烤肉", "Turkish kebab"),
    ("西班牙海鲜饭", "Spanish paella"), ("中国饺子", "Chinese dumplings"),
]
OPENERS = [("意大利人", "An Italian"), ("日本人", "A Japanese man"), ("法国人", "A Frenchwoman"), ("中国人", "A Chinese couple"), ("埃及人", "An Egyptian"), ("巴西人", "A Brazilian"), ("韩国人", "A Korean woman")]
SHOPS = [("面包店", "a bakery"), ("咖啡馆", "a café"), ("小餐馆", "a small restaurant"), ("书店", "a bookshop"), ("花店", "a flower shop"), ("语言学校", "a language school")]
JOBS = [("医生", "doctor"), ("老师", "teacher"), ("工程师", "engineer"), ("厨师", "cook"), ("记者", "journalist"), ("护士", "nurse"), ("司机", "driver"), ("音乐家", "musician")]
THINGS = [
    ("雨伞", "umbrella"), ("手机", "phone"), ("护照", "passport"), ("钱包", "wallet"), ("帽子", "hat"), ("词典", "dictionary"), ("照相机", "camera"),
]
VEHICLES = [("公共汽车上", "on the bus"), ("火车上", "on the train"), ("出租车里", "in a taxi"), ("酒店房间里", "in the hotel room"), ("餐馆里", "in the restaurant"), ("飞机上", "on the plane")]
GIFTS = [("一件毛衣", "a sweater"), ("一张地图", "a map"), ("两本小说", "two novels"), ("一些茶叶", "some tea"), ("一双鞋", "a pair of shoes"), ("一个杯子", "a cup"), ("一块手表", "a watch")]
GOODS = [
    ("咖啡", "This coffee was", ("哥伦比亚", "巴西", "肯尼亚", "越南")), ("葡萄酒", "This wine was", ("法国", "智利", "意大利", "西班牙", "澳大利亚")),
    ("橄榄油", "This olive oil was", ("希腊", "西班牙", "意大利")), ("手表", "This watch was", ("日本",)), ("牛肉", "This beef was", ("阿根廷", "澳大利亚", "巴西")),
    ("香料", "These spices were", ("印度",)), ("奶酪", "This cheese was", ("法国", "意大利")), ("可可", "This cocoa was", ("加纳",)), ("羊毛", "This wool was", ("新西兰", "澳大利亚")),
    ("汽车", "This car was", ("德国", "日本", "韩国", "美国")), ("大米", "This rice was", ("泰国", "越南", "印度")),
]
IMPORTED = [("是从{}进口的", "imported from"), ("是从{}运来的", "shipped from"), ("是朋友从{}带来的", "brought by a friend from")]
SIGHTS = [
    ("埃及", "Egypt", "金字塔", "the pyramids"), ("日本", "Japan", "樱花", "the cherry blossoms"), ("肯尼亚", "Kenya", "狮子和大象", "lions and elephants"),
    ("挪威", "Norway", "极光", "the northern lights"), ("中国", "China", "长城", "the Great Wall"), ("印度", "India", "泰姬陵", "the Taj Mahal"),
    ("法国", "France", "埃菲尔铁塔", "the Eiffel Tower"), ("美国", "the United States", "大峡谷", "the Grand Canyon"),
    ("澳大利亚", "Australia", "大堡礁", "the Great Barrier Reef"), ("柬埔寨", "Cambodia", "吴哥窟", "Angkor Wat"), ("意大利", "Italy", "斗兽场", "the Colosseum"),
    ("约旦", "Jordan", "佩特拉古城", "the ancient city of Petra"), ("冰岛", "Iceland", "火山", "the volcanoes"),
]
TOPICS = [("历史", "the history of"), ("文化", "the culture of"), ("音乐", "the music of"), ("动物", "the animals of"), ("民间故事", "the folk tales of")]
OPINIONS = [("很有意思", "is very interesting"), ("有点难懂", "is a little hard to understand"), ("只有一百页", "has only one hundred pages"), ("值得一读", "is worth reading")]
TRAINS = [
    ("北京", "Beijing", "上海", "Shanghai"), ("巴黎", "Paris", "里昂", "Lyon"), ("柏林", "Berlin", "华沙", "Warsaw"), ("东京", "Tokyo", "京都", "Kyoto"),
    ("伦敦", "London", "爱丁堡", "Edinburgh"), ("罗马", "Rome", "米兰", "Milan"), ("马德里", "Madrid", "巴塞罗那", "Barcelona"), ("首尔", "Seoul", "釜山", "Busan"),
    ("莫斯科", "Moscow", "喀山", "Kazan"), ("维也纳", "Vienna", "布拉格", "Prague"), ("新德里", "New Delhi", "孟买", "Mumbai"),
]
# City, the money used there, and how many units make a small price.
MONEY = [
    ("北京", "Beijing", "元", "yuan", 10), ("巴黎", "Paris", "欧元", "euros", 2), ("柏林", "Berlin", "欧元", "euros", 2), ("伦敦", "London", "英镑", "pounds", 2),
    ("东京", "Tokyo", "日元", "yen", 200), ("首尔", "Seoul", "韩元", "won", 2000), ("纽约", "New York", "美元", "US dollars", 2), ("曼谷", "Bangkok", "泰铢", "baht", 50),
    ("苏黎世", "Zurich", "瑞士法郎", "Swiss francs", 2), ("多伦多", "Toronto", "加元", "Canadian dollars", 2), ("悉尼", "Sydney", "澳元", "Australian dollars", 2),
    ("新德里", "New Delhi", "卢比", "rupees", 100),
]
PRICED = [("一杯咖啡", "a cup of coffee", 2), ("一份午饭", "a lunch", 6), ("一本书", "a book", 8), ("一张电影票", "a cinema ticket", 5), ("一件衬衫", "a shirt", 12), ("一顶帽子", "a hat", 7)]
HABITS = [
    ("去公园跑步", "go running in the park", "goes running in the park"), ("听英语广播", "listen to English radio", "listens to English radio"),
    ("骑自行车上班", "ride a bicycle to work", "rides a bicycle to work"), ("喝一杯牛奶", "drink a glass of milk", "drinks a glass of milk"),
    ("看半个小时书", "read for half an hour", "reads for half an hour"), ("练习法语", "practise French", "practises French"),
]
WHEN = [("每天早上", "every morning"), ("每天晚上", "every evening"), ("每个周末", "every weekend")]
CONDITIONS = [("下雨", "it rains"), ("下雪", "it snows"), ("天气好", "the weather is fine"), ("很冷", "it is cold"), ("很热", "it is hot")]
PLANS = [("在家看书", "stay at home and read"), ("去看电影", "go to the cinema"), ("去参观博物馆", "visit a museum"), ("在家做饭", "cook at home"), ("坐地铁去", "go by underground")]
# Cities that keep the same distance from universal time all year, in hours.
CLOCKS = [
    ("北京", "Beijing", 8), ("东京", "Tokyo", 9), ("曼谷", "Bangkok", 7), ("迪拜", "Dubai", 4), ("莫斯科", "Moscow", 3), ("内罗毕", "Nairobi", 3),
    ("阿克拉", "Accra", 0), ("布宜诺斯艾利斯", "Buenos Aires", -3), ("利马", "Lima", -5), ("新加坡", "Singapore", 8), ("雷克雅未克", "Reykjavik", 0),
]
NATIVE = [
    ("法国", "France", "法语", "French"), ("塞内加尔", "Senegal", "法语", "French"), ("埃及", "Egypt", "阿拉伯语", "Arabic"), ("巴西", "Brazil", "葡萄牙语", "Portuguese"),
    ("秘鲁", "Peru", "西班牙语", "Spanish"), ("奥地利", "Austria", "德语", "German"), ("加纳", "Ghana", "英语", "English"), ("古巴", "Cuba", "西班牙语", "Spanish"),
    ("伊朗", "Iran", "波斯语", "Persian"), ("坦桑尼亚", "Tanzania", "斯瓦希里语", "Swahili"), ("荷兰", "the Netherlands", "荷兰语", "Dutch"),
]


def pick(*blocks):
    """Every combination of the blocks."""
    return product(*blocks)


def hour(number):
    """A full hour, 1 to 22, in both languages."""
    part = next((zh, en) for end, zh, en in ((5, "凌晨", "in the morning"), (12, "上午", "in the morning"), (18, "下午", "in the afternoon"), (24, "晚上", "in the evening")) if number < end)
    clock = number if number <= 12 else number - 12
    return f"{part[0]}{ZH_NUMBERS[clock]}点", f"{EN_NUMBERS[clock]} {part[1]}"


def clocks():
    for (zh_a, en_a, a), (zh_b, en_b, b), now in pick(CLOCKS, CLOCKS, range(6, 22)):
        there = now - a + b
        if a != b and now != 12 and 1 <= there <= 21 and there != 12:
            (zh_now, en_now), (zh_there, en_there) = hour(now), hour(there)
            yield f"{zh_a}{zh_now}的时候，{zh_b}是{zh_there}。", f"When it is {en_now} in {en_a}, it is {en_there} in {en_b}."


def number_zh(value):
    """A price below 100000, whose lowest digits are zeros, in Chinese."""
    digits, units = "零一二三四五六七八九", ("", "十", "百", "千", "万")
    text, zero = "", False
    for place in range(len(str(value)) - 1, -1, -1):
        digit = value // 10**place % 10
        if digit == 0:
            zero = bool(text)
            continue
        word = "两" if digit == 2 and place >= 2 else digits[digit]
        text += ("零" if zero else "") + ("" if not text and place == 1 and digit == 1 else word) + units[place]
        zero = False
    return text


def prices():
    for (zh_city, en_city, zh_money, en_money, unit), (zh, en, size), more in pick(MONEY, PRICED, (0, 1, 2)):
        price = unit * (size + more)
        yield f"在{zh_city}，{zh}要{number_zh(price)}{zh_money}左右。", f"In {en_city}, {en} costs about {price:,} {en_money}."


def goods():
    en_name = dict(COUNTRIES)
    for (zh, en, origins), (zh_how, en_how) in pick(GOODS, IMPORTED):
        for origin in origins:
            if not (zh in ("汽车", "牛肉", "羊毛") and "带来" in zh_how):
                yield f"这{'辆' if zh == '汽车' else '块' if zh == '手表' else '些'}{zh}{zh_how.format(origin)}。", f"{en} {en_how} {en_name[origin]}."


# One entry a pattern: every (Chinese, English) sentence that it can make.
PATTERNS = [
    lambda: ((f"{p[0]}{m[0]}从{a[0]}飞到了{b[0]}。", f"{p[1]} flew from {a[1]} to {b[1]} in {m[1]}.") for p, m, a, b in pick(PEOPLE, MONTHS, CITIES, CITIES) if a != b),
    lambda: ((f"{c[0]}明天{w[0]}，气温{t}度左右。", f"It will be {w[1]} in {c[1]} tomorrow, at about {t} degrees.") for c, w in pick(CITIES, WEATHER) for t in w[2]),
    prices,
    lambda: ((f"{p[0]}昨天请{o[0]}吃了{f[0]}。", f"{p[1]} treated {o[1]} to {f[1]} yesterday.") for p, o, f in pick(PEOPLE[5:], OTHERS, FOOD) if o[1] != "the teacher"),
    lambda: ((f"{p[0]}会说{a[0]}，但是不会说{b[0]}。", f"{p[1]} can speak {a[1]} but not {b[1]}.") for p, a, b in pick(PEOPLE, LANGUAGES, LANGUAGES) if a != b),
    lambda: ((f"{p[0]}在{c[0]}学了{ZH_NUMBERS[n]}年{x[0]}。", f"{p[1]} studied {x[1]} in {c[1]} for {EN_NUMBERS[n]} years.") for p, c, n, x in pick(PEOPLE, CITIES, range(2, 8), LANGUAGES)),
    lambda: ((f"从{zh_a}到{zh_b}的火车{t[0]}出发。", f"The train from {en_a} to {en_b} leaves at {t[1]}.") for (zh_a, en_a, zh_b, en_b), t in pick(TRAINS, TIMES)),
    goods,
    lambda: ((f"{p[0]}在{c[0]}给{o[0]}买了{g[0]}。", f"{p[1]} bought {o[1]} {g[1]} in {c[1]}.") for p, c, o, g in pick(PEOPLE[5:], COUNTRIES, OTHERS[1:], GIFTS) if o[1] != "the teacher"),
    lambda: ((f"{a[0]}和{b[0]}，你更喜欢哪个{k[0]}？", f"Which {k[1]} do you like better, {a[1]} or {b[1]}?") for k, (a, b) in [*pick([("城市", "city")], pick(CITIES, CITIES)), *pick([("国家", "country")], pick(COUNTRIES, COUNTRIES))] if a != b),
    lambda: ((f"{t[0]}我在{p[0]}门口等你。", f"I will wait for you in front of {p[1]} at {t[1]}.") for t, p in pick(TIMES, PLACES)),
    lambda: ((f"请给我{ZH_NUMBERS[n]}公斤{a[0]}和{ZH_NUMBERS[m]}公斤{b[0]}。", f"I would like {EN_NUMBERS[n]} kilos of {a[1]} and {EN_NUMBERS[m]} kilos of {b[1]}, please.") for n, a, m, b in pick(range(2, 7), FRUIT, range(2, 7), FRUIT) if a != b),
    lambda: ((f"一个{o[0]}在{c[0]}开了一家{s[0]}。" if o[1] != "A Chinese couple" else f"一对中国夫妻在{c[0]}开了一家{s[0]}。", f"{o[1]} has opened {s[1]} in {c[1]}." if o[1] != "A Chinese couple" else f"{o[1]} have opened {s[1]} in {c[1]}.") for o, c, s in pick(OPENERS, CITIES, SHOPS)),
    lambda: ((f"{p[0]}{w[0]}都{h[0]}。", f"{p[1]} {h[2 if p[2] else 1]} {w[1]}.") for p, w, h in pick(PEOPLE, WHEN, HABITS) if w[1] == "every morning" or not h[0].endswith(("上班", "牛奶"))),
    clocks,
    lambda: ((f"{p[0]}想在{c[0]}找一份当{j[0]}的工作。", f"{p[1]} {'wants' if p[2] else 'want'} to find a job as a{'n' if j[1][0] in 'aeiou' else ''} {j[1]} in {c[1]}.") for p, c, j in pick(PEOPLE, CITIES, JOBS) if p[1] not in ("we", "they", "my parents")),
    lambda: ((f"{c[0]}的那家{s[0]}{d[0]}不开门。", f"That {s[1]} in {c[1]} is closed on {d[1]}.") for c, s, d in pick(CITIES, [("书店", "bookshop"), ("餐馆", "restaurant"), ("咖啡馆", "café"), ("博物馆", "museum"), ("银行", "bank")], WEEKDAYS) if s[1] != "museum"),
    lambda: ((f"如果{w[0]}{c[0]}，我们就{x[0]}。", f"If {c[1]} {w[1]}, we will {x[1]}.") for w, c, x in pick([("明天", "tomorrow"), ("周末", "at the weekend"), ("今天晚上", "tonight")], CONDITIONS, PLANS) if (w[1], x[1]) != ("tonight", "visit a museum")),
    lambda: ((f"{p[0]}把{t[0]}忘在{v[0]}了。", f"{p[1]} left {'my' if p[1] == 'I' else {'he': 'his', 'she': 'her', 'we': 'our', 'they': 'their'}.get(p[1], 'a')}{'n' if p[1] not in ('I', 'he', 'she', 'we', 'they') and t[1][0] in 'aeiou' else ''} {t[1]} {v[1]}.") for p, t, v in pick(PEOPLE[:3], THINGS, VEHICLES)),
    lambda: ((f"{p[0]}从{c[0]}给{o[0]}寄了一张明信片。", f"{p[1]} sent {o[1]} a postcard from {c[1]}.") for p, c, o in pick(PEOPLE[5:], CITIES, OTHERS) if o[1] != "the teacher"),
    lambda: ((f"这本介绍{c[0]}{t[0]}的书{o[0]}。", f"This book about {t[1]} {c[1]} {o[1]}.") for c, t, o in pick(COUNTRIES, TOPICS, OPINIONS)),
    lambda: ((f"那个从{zh}来的{j[0]}会说{zh_x}和{b[0]}。", f"The {j[1]} from {en} speaks {en_x} and {b[1]}.") for (zh, en, zh_x, en_x), j, b in pick(NATIVE, JOBS, LANGUAGES) if b[1] != en_x),
    lambda: ((f"一张从{a[0]}到{b[0]}的{k[0]}票多少钱？", f"How much is a {k[1]} ticket from {a[1]} to {b[1]}?") for a, b, k in pick(CITIES, CITIES, [("单程", "one-way"), ("往返", "return")]) if a != b),
    lambda: ((f"{p[0]}打算{s[0]}去{zh}看{zh_see}。", f"{p[1]} {'plans' if p[2] else 'plan'} to go to {en} in {s[1]} to see {en_see}.") for p, s, (zh, en, zh_see, en_see) in pick(PEOPLE, SEASONS, SIGHTS) if (zh, s[1]) not in {("日本", x) for x in ("summer", "autumn", "winter")} | {("挪威", "summer")}),
    lambda: ((f"{a[0]}附近有{n[0]}吗？", f"{a[1]}is there {n[1]} nearby?") for a, n in pick(ASKING, NEARBY)),
    lambda: ((f"{p[0]}在{a[0]}工作了{ZH_NUMBERS[n]}年，现在住在{b[0]}。", f"{p[1]} worked in {a[1]} for {EN_NUMBERS[n]} years and now {'lives' if p[2] else 'live'} in {b[1]}.") for p, a, n, b in pick(PEOPLE, COUNTRIES, range(2, 11), CITIES)),
    lambda: ((f"你知道{c[0]}的{t[0]}吗？", f"Do you know {t[1]} {c[1]}?") for c, t in pick(COUNTRIES, [("首都叫什么名字", "the name of the capital of"), ("货币叫什么", "the name of the currency of"), ("官方语言是什么", "what the official language is in"), ("国旗是什么颜色", "the colours of the flag of")])),
]


def sentence(text):
    return text[0].upper() + text[1:]


def read(path):
    return [tuple(line.split("\t")) for line in path.read_text(encoding="utf-8").splitlines()]


def generate(seen):
    """Takes pairs from every pattern in turn; no sentence, in either language, is taken twice."""
    train, dev = [], []
    for number, pattern in enumerate(PATTERNS):
        candidates = [(zh, sentence(en)) for zh, en in pattern()]
        random.Random(number).shuffle(candidates)
        fresh = []
        for zh, en in candidates:
            if zh not in seen and en not in seen and len(fresh) < TRAIN_PER_PATTERN + DEV_PER_PATTERN:
                seen.update((zh, en))
                fresh.append((zh, en))
        cut = len(fresh) * DEV_PER_PATTERN // (TRAIN_PER_PATTERN + DEV_PER_PATTERN)
        dev += fresh[:cut]
        train += fresh[cut:]
    return train, dev


def main():
    by_hand = [read(PAIRS / "by-hand" / name) for name in ("train.tsv", "dev.tsv")]
    made = generate({side for pairs in by_hand for pair in pairs for side in pair})
    same = True
    for name, first, rest in zip(("zh-en.tsv", "zh-en.dev.tsv"), by_hand, made):
        text = "".join(f"{zh}\t{en}\n" for zh, en in first + rest)
        path = PAIRS / name
        if "--check" in sys.argv[1:]:
            same &= path.exists() and path.read_text(encoding="utf-8") == text
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{path.name}: {len(first)} by hand, {len(rest)} put together")
    if not same:
        sys.exit("the files differ from what data/make_pairs.py writes: run it again")


if __name__ == "__main__":
    main()
