/** @file English labels written by hand for the rendered set; names and addresses are invented. */

/** One label: paragraphs, top to bottom. */
export const LATIN_LABELS: readonly (readonly string[])[] = [
  [
    'INGREDIENTS: Wheat flour (with Calcium carbonate, Iron, Niacin, Thiamin), Sugar, Palm oil, Glucose syrup, Whole milk powder, Raising agents (E500, E503), Salt, Emulsifier (Soya lecithin), Flavouring.',
    'Allergy advice: for allergens, see ingredients in bold. May contain traces of nuts.',
    'Net weight 250 g e   Best before: see base of pack',
  ],
  [
    'Ingredients: Tomatoes (62%), Onion, Rapeseed oil, Tomato puree (8%), Garlic, Basil (0.5%), Sugar, Salt, Acidity regulator: citric acid, Black pepper.',
    'Suitable for vegetarians and vegans. Once opened keep refrigerated and use within 5 days.',
    'Produced for Harrow & Finch Ltd, Leeds LS9 4QT',
  ],
  [
    'INGREDIENTS: SKIMMED MILK, SUGAR, CREAM (MILK), STRAWBERRIES 9%, MODIFIED MAIZE STARCH, PORK GELATINE, NATURAL FLAVOURING, COLOUR: CARMINE.',
    'Energy 402 kJ / 95 kcal   Fat 2.4 g   of which saturates 1.6 g   Carbohydrate 14.1 g   Protein 3.9 g   Salt 0.13 g',
  ],
  [
    'Ingredients: Water, Soybeans (17%), Wheat, Salt, Alcohol (2%).',
    'Naturally brewed soy sauce. Shake before use. Contains: soya, wheat, gluten.',
    'Store in a cool, dark place. 150 ml / 5.1 fl oz   Product of Japan',
  ],
  [
    'INGREDIENTS: Potatoes, Sunflower oil (31%), Prawn cocktail seasoning [Sugar, Glucose, Salt, Yeast extract powder, Citric acid, Potassium chloride, Dried onion, Tomato powder, Colour (Paprika extract), Sweetener (Sucralose)].',
    'Contains no crustaceans. Made in a factory that handles milk, wheat, barley and mustard.',
  ],
  [
    'Nutrition Facts   Serving size 2/3 cup (55g)   Calories 230',
    'Total Fat 8g 10%   Saturated Fat 1g 5%   Cholesterol 0mg 0%   Sodium 160mg 7%   Total Carbohydrate 37g 13%   Protein 3g',
    'INGREDIENTS: WHOLE GRAIN OATS, BROWN SUGAR, ALMONDS, COCONUT OIL, HONEY, SEA SALT, TOCOPHEROLS (VITAMIN E).',
    'CONTAINS: ALMONDS, COCONUT.',
  ],
  [
    'Ingredients: Cocoa mass, Sugar, Cocoa butter, Butterfat (milk), Emulsifier: lecithins (soya), Vanilla extract. Cocoa solids: 70% minimum.',
    'May contain hazelnuts, almonds, peanuts and egg. Store at 16-18 C.',
    'LOT 4471B   BB 11/2027',
  ],
  [
    'Ingredients: Chicken (28%), Water, Noodles [Durum wheat semolina, Egg white], Leek, Carrot, Cornflour, Chicken fat, Yeast extract, Sea salt, Turmeric, Parsley, White pepper.',
    'Contains egg, gluten. Heat gently, do not boil. Serves 2.',
  ],
  [
    'Contents: Pork (78%), Beef (9%), Salt, Dextrose, Spices, Antioxidant: sodium ascorbate, Preservatives: potassium nitrate, sodium nitrite. Smoked over beechwood.',
    'Prepared with 128 g of meat per 100 g of salami. Keep refrigerated below 5 C. Slice weight 80 g.',
  ],
  [
    'INGREDIENTS: Cane sugar, Glucose-fructose syrup, Fish gelatine, Citric acid, Apple juice from concentrate (3%), Glazing agents: beeswax, carnauba wax; Concentrates: safflower, spirulina, elderberry.',
    'Halal certified. Fat free. 12 portions of 25 g per bag.',
  ],
  [
    'Rice crackers. Ingredients: Glutinous rice (76%), Soy sauce (soybean, wheat, salt), Sugar, Mirin (rice, alcohol), Seaweed, Sesame seeds, Bonito extract (fish), Chilli powder.',
    'Importer: Kite Street Trading, 14 Quay Road, Bristol BS1 6QA   Tel. 0117 496 0253',
  ],
  [
    'Ingredients: Organic chickpeas (54%), Water, Organic tahini (sesame) 18%, Cold-pressed olive oil, Lemon juice, Garlic, Cumin, Sea salt. Gluten free.',
    'Keep chilled. Use by: 07 MAR   Recycle: tub - widely recycled; film - do not recycle',
  ],
];
