/**
 * @file XMP packets with the runners of a photo, made new or merged into what is there. Thread: any.
 * Sources: XMP specification part 1 (ISO 16684-1) 7; IPTC Photo Metadata Standard 2023.1 for the names of the fields.
 */
import { DOMParser, XMLSerializer, type Document, type Element } from '@xmldom/xmldom';
import { AppError } from '../contracts/errors.ts';

/** What one photo says about its runners. */
export interface PhotoFacts {
  /** Numbers, and names where they are wanted. */
  readonly keywords: readonly string[];
  /** Names alone (`Iptc4xmpExt:PersonInImage`); empty unless wanted. */
  readonly people: readonly string[];
  readonly event: string;
  /** The same as `2026-11-21T09:30:00`, local time; null: not known. */
  readonly takenAt: string | null;
  readonly creator: string;
  readonly copyright: string;
}

const NS = {
  x: 'adobe:ns:meta/',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  xml: 'http://www.w3.org/XML/1998/namespace',
  dc: 'http://purl.org/dc/elements/1.1/',
  photoshop: 'http://ns.adobe.com/photoshop/1.0/',
  exif: 'http://ns.adobe.com/exif/1.0/',
  Iptc4xmpExt: 'http://iptc.org/std/Iptc4xmpExt/2008-02-29/',
  /** Ours: what we wrote, so that the next run can take back what does not hold any more. */
  mekiki: 'urn:mekiki:race/1.0/',
} as const;
type Prefix = keyof typeof NS;

const EMPTY = `<x:xmpmeta xmlns:x="${NS.x}"><rdf:RDF xmlns:rdf="${NS.rdf}"><rdf:Description rdf:about=""/></rdf:RDF></x:xmpmeta>`;

/** A packet that was written, and what it took back. */
export interface MergedXmp {
  /** With its wrapper. */
  readonly packet: string;
  /** Keywords of an earlier run that do not hold any more. */
  readonly staleKeywords: readonly string[];
}

/**
 * Keywords are added, never replaced; creator, rights, event and date are written only where there are none.
 * @param existing packet or sidecar; null: none.
 * @throws AppError('invalid-input') for what is no XMP: it must not be overwritten.
 */
export function mergeXmp(existing: string | null, facts: PhotoFacts, options: { readonly removeGps: boolean }): MergedXmp {
  const document = parse(existing ?? EMPTY);
  const descriptions = childrenOf(rdfOf(document), NS.rdf, 'Description');
  const target = descriptions[0] ?? append(rdfOf(document), 'rdf', 'Description');
  if (descriptions.length === 0) target.setAttributeNS(NS.rdf, 'rdf:about', '');
  const find = (prefix: Prefix, name: string): Element | null =>
    childrenOf(rdfOf(document), NS.rdf, 'Description').flatMap((description) => childrenOf(description, NS[prefix], name))[0] ?? null;
  const has = (prefix: Prefix, name: string): boolean =>
    find(prefix, name) !== null ||
    childrenOf(rdfOf(document), NS.rdf, 'Description').some((description) => description.hasAttributeNS(NS[prefix], name));

  const written = find('mekiki', 'keywords');
  const before = written === null ? [] : itemsOf(written);
  const now = new Set([...facts.keywords, ...facts.people]);
  const staleKeywords = before.filter((word) => !now.has(word));
  written?.parentNode?.removeChild(written);
  editBag(find('dc', 'subject') ?? (facts.keywords.length > 0 ? append(target, 'dc', 'subject') : null), facts.keywords, staleKeywords);
  editBag(
    find('Iptc4xmpExt', 'PersonInImage') ?? (facts.people.length > 0 ? append(target, 'Iptc4xmpExt', 'PersonInImage') : null),
    facts.people,
    staleKeywords,
  );
  if (facts.event !== '' && !has('Iptc4xmpExt', 'Event')) fill(append(target, 'Iptc4xmpExt', 'Event'), 'Alt', [facts.event]);
  if (facts.creator !== '' && !has('dc', 'creator')) fill(append(target, 'dc', 'creator'), 'Seq', [facts.creator]);
  if (facts.copyright !== '' && !has('dc', 'rights')) fill(append(target, 'dc', 'rights'), 'Alt', [facts.copyright]);
  if (facts.takenAt !== null && !has('photoshop', 'DateCreated')) append(target, 'photoshop', 'DateCreated').textContent = facts.takenAt;
  // Last, so that a second run writes the same.
  if (now.size > 0) fill(append(target, 'mekiki', 'keywords'), 'Bag', [...now]);
  if (options.removeGps) removePlace(document);
  return { packet: wrapped(document), staleKeywords };
}

/** @returns the packet without its place; null where it says none. @throws AppError('invalid-input') */
export function withoutPlace(packet: string): string | null {
  const document = parse(packet);
  return removePlace(document) ? wrapped(document) : null;
}

function parse(text: string): Document {
  try {
    // The wrapper's byte order mark and padding are no part of the document.
    const document = new DOMParser({ onError: stopAt }).parseFromString(
      text.replaceAll('\ufeff', '').replaceAll('\0', '').trim(),
      'text/xml',
    );
    rdfOf(document);
    return document;
  } catch (error) {
    throw new AppError('invalid-input', 'not XMP', { cause: error, stage: 'store' });
  }
}

function stopAt(level: 'warning' | 'error' | 'fatalError', message: string): void {
  if (level !== 'warning') throw new Error(message);
}

function rdfOf(document: Document): Element {
  const rdf = document.getElementsByTagNameNS(NS.rdf, 'RDF').item(0);
  if (rdf === null) throw new Error('no RDF');
  return rdf;
}

function childrenOf(parent: Element, namespace: string, name: string): Element[] {
  const found: Element[] = [];
  for (let child = parent.firstChild; child !== null; child = child.nextSibling)
    if (child.nodeType === 1 && child.namespaceURI === namespace && child.localName === name) found.push(child as Element);
  return found;
}

function append(parent: Element, prefix: Prefix, name: string): Element {
  const child = parent.ownerDocument!.createElementNS(NS[prefix], `${prefix}:${name}`);
  parent.appendChild(child);
  return child;
}

/** Texts of a bag, list or choice. */
function itemsOf(property: Element): string[] {
  return lists(property).flatMap((list) => childrenOf(list, NS.rdf, 'li').map((item) => item.textContent ?? ''));
}

function lists(property: Element): Element[] {
  return (['Bag', 'Seq', 'Alt'] as const).flatMap((kind) => childrenOf(property, NS.rdf, kind));
}

function editBag(property: Element | null, add: readonly string[], remove: readonly string[]): void {
  if (property === null) return;
  for (const list of lists(property))
    for (const item of childrenOf(list, NS.rdf, 'li')) if (remove.includes(item.textContent ?? '')) list.removeChild(item);
  const there = new Set(itemsOf(property));
  const list = lists(property)[0] ?? append(property, 'rdf', 'Bag');
  for (const word of add) if (!there.has(word)) append(list, 'rdf', 'li').textContent = printable(word);
  // An empty bag says no more than none.
  if (itemsOf(property).length === 0) property.parentNode?.removeChild(property);
}

function fill(property: Element, kind: 'Bag' | 'Seq' | 'Alt', texts: readonly string[]): void {
  const list = append(property, 'rdf', kind);
  for (const text of texts) {
    const item = append(list, 'rdf', 'li');
    if (kind === 'Alt') item.setAttributeNS(NS.xml, 'xml:lang', 'x-default');
    item.textContent = printable(text);
  }
}

function removePlace(document: Document): boolean {
  let hasRemoved = false;
  for (const description of childrenOf(rdfOf(document), NS.rdf, 'Description')) {
    for (const attribute of Array.from(description.attributes))
      if (attribute.namespaceURI === NS.exif && attribute.localName?.startsWith('GPS') === true) {
        description.removeAttributeNode(attribute);
        hasRemoved = true;
      }
    for (let child = description.firstChild; child !== null;) {
      const next = child.nextSibling;
      if (child.nodeType === 1 && child.namespaceURI === NS.exif && child.localName?.startsWith('GPS') === true) {
        description.removeChild(child);
        hasRemoved = true;
      }
      child = next;
    }
  }
  return hasRemoved;
}

/** XML 1.0 knows no way to write the other control characters. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what is taken out
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '').replaceAll(/\p{Cs}/gu, '');
}

function wrapped(document: Document): string {
  const root = document.documentElement;
  if (root === null) throw new AppError('bug', 'an empty document', { stage: 'store' });
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n${new XMLSerializer().serializeToString(root)}\n<?xpacket end="w"?>`;
}
