/** @file Addresses under which other devices of the network reach this machine. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * @returns private addresses, the likeliest first: IPv4 before IPv6, home and office ranges before those of virtual networks.
 * Link-local IPv6 is left out: it needs a zone that browsers do not accept.
 */
export function lanAddresses(): string[] {
  const all = Object.entries(networkInterfaces()).flatMap(([name, entries]) =>
    (entries ?? [])
      .filter(({ internal, address }) => !internal && isPermittedAddress(address) && !/^fe[89ab]/i.test(address))
      .map(({ address, family }) => ({ address, rank: rankOf(name, address, family) })),
  );
  return all.sort((a, b) => a.rank - b.rank).map(({ address }) => address);
}

/** @returns true for an address that the authority may vouch for. */
export function isPermittedAddress(address: string): boolean {
  if (isIP(address) === 6) return /^(f[cd]|fe[89ab])/i.test(address) || address === '::1';
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254)
  );
}

function rankOf(name: string, address: string, family: string): number {
  const isVirtual = /^(docker|br-|veth|virbr|vmnet|vboxnet|tun|tap|wg|utun|zt)/i.test(name);
  const isHome = address.startsWith('192.168.') || address.startsWith('10.');
  return (isVirtual ? 10 : 0) + (family === 'IPv6' ? 4 : 0) + (isHome ? 0 : 1);
}
