"""Text of the training lines: label grammar over the project's lexicon, dictionary words, random characters, Latin and digits."""
import json
import random
import re
import unicodedata

# Characters that NFKC would take apart or merge although they look unlike what it makes of them.
KEPT = set('℃…①②③④⑤⑥⑦⑧⑨⑩')
SYMBOLS = '!"#$%&\'()*+,-./:;<=>?@[]^_{}~、。・ー「」『』【】〔〕〈〉《》〒※℃…×÷±→←↑↓■□●○◎◆◇▲△▼▽★☆々〆ヶγαβμ°§①②③④⑤⑥⑦⑧⑨⑩“”‘’|♪'


def normalise(text):
    """One class per shape: widths folded, dashes and tildes merged. The reader restores full-width forms by context."""
    out = []
    for ch in text:
        if ch in KEPT:
            out.append(ch)
        elif ch in '〜～∼˜':
            out.append('~')
        elif ch in '‐‑‒–—―−－─━':
            out.append('-')
        elif ch in '’‘′´`＇':
            out.append("'")
        elif ch in '“”″＂':
            out.append('"')
        elif ch in '•‧∙⋅･':
            out.append('・')
        else:
            out.append(unicodedata.normalize('NFKC', ch))
    return ''.join(out)


def level1_kanji():
    return [bytes([row, cell]).decode('euc_jp') for row in range(0xB0, 0xD0) for cell in range(0xA1, 0xFF) if row < 0xCF or cell <= 0xD3]


def read_dictionary(path):
    """EDICT: (common Japanese words, other Japanese words, English glosses)."""
    common, other, english = [], [], []
    with open(path, encoding='euc_jp', errors='ignore') as file:
        for line in file:
            head, _, gloss = line.partition('/')
            words = re.split(r'[\s\[\];]+', re.sub(r'\(.*?\)', '', head).strip())
            (common if '(P)' in line else other).extend(w for w in words if 1 < len(w) <= 14)
            text = re.sub(r'\(.*?\)', '', gloss.split('/')[0]).strip()
            if 4 < len(text) < 40 and text.isascii():
                english.append(text)
    return common, other, english


class Corpus:
    def __init__(self, lexicon_path, dictionary_path):
        with open(lexicon_path, encoding='utf8') as file:
            self.lexicon = {group: words for group, words in json.load(file).items() if isinstance(words, list)}
        self.common, self.other, self.english = read_dictionary(dictionary_path)
        kana = [chr(c) for c in range(0x3041, 0x3094)] + [chr(c) for c in range(0x30A1, 0x30F7)]
        level1 = level1_kanji()
        frequent = set(''.join(self.common)) | set(''.join(sum(self.lexicon.values(), [])))
        level2 = [c for c in frequent if '一' <= c <= '鿿' and c not in set(level1)]
        self.kana = kana
        self.kanji = level1 + sorted(level2)
        ascii_letters = [chr(c) for c in range(33, 127)]
        charset = dict.fromkeys(list(normalise(''.join(ascii_letters) + SYMBOLS)) + kana + list('ゝゞヽヾ') + self.kanji)
        self.charset = [c for c in charset if c != ' '] + [' ']
        self.known = set(self.charset)
        self.weak = []

    def line(self, rng, length):
        """A line of about `length` characters (raw, not normalised; may hold full-width forms)."""
        kind = rng.random()
        if kind < 0.42:
            text = self.label(rng, length)
        elif kind < 0.54:
            text = self.heading(rng)
        elif kind < 0.66:
            text = self.words(rng, length)
        elif kind < 0.80:
            text = self.scattered(rng, length)
        elif kind < 0.90:
            text = self.figures(rng)
        else:
            text = self.latin(rng, length)
        if rng.random() < 0.15 and kind < 0.66:
            text = ''.join(chr(ord(c) + 0xFEE0) if '!' <= c <= '~' else c for c in text)
        if len(text) > length:
            start = rng.randrange(len(text) - length + 1)
            text = text[start : start + length]
        return text.strip()

    def term(self, rng):
        group = rng.choices(['ingredients', 'additives', 'phrases', 'names'], [6, 5, 1, 0.6])[0]
        return rng.choice(self.lexicon[group])

    def label(self, rng, length):
        wide = rng.random() < 0.8
        comma = rng.choices(['、', '，', ','], [20, 1, 2])[0]
        left, right = ('（', '）') if wide else ('(', ')')
        slash = '／' if rng.random() < 0.8 else '/'
        parts, size = [], 0
        while size < length + 12:
            term = self.term(rng)
            if rng.random() < 0.12:
                inner = comma.join(self.term(rng) for _ in range(rng.randint(1, 3)))
                term += left + inner + rng.choice(['', '', 'を含む', '由来', '国内製造', '国産', 'その他']) + right
            if rng.random() < 0.06:
                term += left + rng.choice(['国内製造', '国産', 'アメリカ製造', 'タイ製造', '小麦を含む', '大豆を含む', '乳成分を含む', '卵を含む', '遺伝子組換えでない', '外国製造']) + right
            if rng.random() < 0.05:
                term = left + '一部に' + '・'.join(rng.sample(ALLERGENS, rng.randint(2, 6))) + 'を含む' + right
            term = term if wide else term.replace('（', '(').replace('）', ')')
            parts.append(term)
            parts.append(slash if rng.random() < 0.16 else rng.choices([comma, '・', '。', ' '], [14, 1, 0.5, 0.3])[0])
            size += len(term) + 1
        return ''.join(parts)

    def heading(self, rng):
        head = rng.choice(self.lexicon['headings'])
        value = rng.choice(self.lexicon[rng.choice(['names', 'phrases', 'ingredients'])])
        if rng.random() < 0.5:
            before, after = rng.choice(HEADING_MARKS)
            return before + head + after + rng.choice([value, value, self.figures(rng)])
        return head + rng.choice(['', ' ', ' ', '：', ':', '　']) + rng.choice([value, '', self.figures(rng)])

    def words(self, rng, length):
        out = ''
        while len(out) < length + 4:
            out += rng.choice(self.common if rng.random() < 0.7 else self.other)
            out += rng.choice(['の', 'を', 'は', 'が', 'に', 'で', 'と', 'も', '、', '。', '・', 'です', 'ます', 'した', '', '', 'から', 'まで', 'して', 'な', 'へ', 'や', 'ください'])
        return out

    def scattered(self, rng, length):
        pools = [self.kana, self.kanji, self.kana, self.kanji, SYMBOLS, '0123456789', 'ーヴァィゥェォッャュョっゃゅょがぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽバパビピブプベペボポ']
        out = ''
        while len(out) < length:
            pool = self.weak if self.weak and rng.random() < 0.3 else rng.choice(pools)
            out += ''.join(rng.choice(pool) for _ in range(rng.randint(1, 4)))
        return out

    def figures(self, rng):
        n = lambda a, b: str(rng.randint(a, b))
        d = lambda: n(0, 99) + '.' + n(0, 9)
        gap = rng.choice(['', ' '])
        choices = [
            lambda: 'エネルギー' + gap + n(1, 900) + 'kcal',
            lambda: 'たんぱく質' + gap + d() + 'g',
            lambda: '脂質' + gap + d() + 'g',
            lambda: '炭水化物' + gap + d() + 'g',
            lambda: '食塩相当量' + gap + d() + 'g',
            lambda: rng.choice(['糖質', '糖類', '食物繊維', '飽和脂肪酸']) + gap + d() + 'g',
            lambda: rng.choice(['カルシウム', 'ナトリウム', '鉄', 'ビタミンC', 'カリウム']) + gap + n(1, 999) + rng.choice(['mg', 'μg']),
            lambda: n(1, 2000) + rng.choice(['g', 'ml', 'mL', 'kg', 'L', '枚', '個', '本', '袋', '食', '人前']) + rng.choice(['', '(' + n(2, 50) + rng.choice(['g', 'ml']) + '×' + n(2, 12) + rng.choice(['袋', '個', '本', '枚']) + ')', '入']),
            lambda: rng.choice(['20', '']) + n(24, 30) + rng.choice(['.', '/', '年']) + n(1, 12).zfill(2) + rng.choice(['.', '/', '月']) + n(1, 28).zfill(2) + rng.choice(['', '日', ' A', '/N' + n(1, 9), ' ' + n(1, 23) + ':' + n(10, 59)]),
            lambda: '〒' + n(100, 999) + '-' + n(1000, 9999),
            lambda: rng.choice(['0120', '0570', '03', '06', '052']) + '-' + n(100, 9999) + '-' + n(1000, 9999),
            lambda: rng.choice(['東京都', '大阪府', '愛知県', '神奈川県', '埼玉県', '千葉県', '兵庫県', '福岡県', '北海道', '静岡県', '新潟県', '長野県']) + rng.choice(self.common) + rng.choice(['市', '区', '町', '郡', '村']) + rng.choice(self.common) + n(1, 9) + '-' + n(1, 30) + '-' + n(1, 40),
            lambda: n(1, 10) + '丁目' + n(1, 30) + '番' + n(1, 20) + '号',
            lambda: rng.choice(['-18', '10', '5', '4', '1~10', '15~25', '-15']) + '℃' + rng.choice(['以下で保存', '以下', 'で保存してください']),
            lambda: n(100, 900) + 'W' + n(1, 9) + '分' + n(10, 50) + '秒',
            lambda: '(株)' + rng.choice(self.common) + rng.choice(['食品', '製菓', '', '工業', 'フーズ']),
            lambda: '株式会社' + rng.choice(self.common) + rng.choice(['食品', '製菓', '', '工業', 'フーズ', '本舗']) + rng.choice(['', ' ' + rng.choice('ABCDEFGHSN') + n(1, 9)]),
            lambda: ''.join(rng.choice('0123456789') for _ in range(rng.choice([8, 13]))),
            lambda: d() + '%' + rng.choice(['', '以上', '以下', '使用', '含有']),
            lambda: '1' + rng.choice(['食', '袋', '個', '本', '枚', '包装']) + '(' + n(5, 300) + 'g)' + rng.choice(['当たり', 'あたり', '']),
        ]
        text = rng.choice(choices)()
        return text + (' ' + rng.choice(choices)() if rng.random() < 0.4 else '')

    def latin(self, rng, length):
        text = rng.choice(self.english)
        while len(text) < length * 1.5:
            text += rng.choice([', ', ' ', ' ', '. ', ' (', ') ', ': ', ' & ', ' - ']) + rng.choice(self.english)
        style = rng.random()
        return text.upper() if style < 0.2 else text.title() if style < 0.4 else text


HEADING_MARKS = [('●', '：'), ('●', ' '), ('■', ' '), ('■', '：'), ('■', '／'), ('【', '】'), ('【', '】'), ('〔', '〕'), ('［', '］'), ('◆', ' '), ('○', '：'), ('・', '：'), ('※', ''), ('＜', '＞'), ('〈', '〉'), ('《', '》')]
ALLERGENS = ['小麦', '卵', '乳成分', '乳', 'えび', 'かに', 'そば', '落花生', 'くるみ', '大豆', '豚肉', '鶏肉', '牛肉', 'ゼラチン', 'ごま', 'りんご', 'バナナ', 'もも', 'オレンジ', 'キウイフルーツ', 'やまいも', 'カシューナッツ', 'アーモンド', 'さけ', 'さば', 'いか', 'あわび', 'いくら', 'まつたけ', 'マカダミアナッツ']


def make_random(seed):
    return random.Random(seed)
