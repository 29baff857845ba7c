// The visit link as people open it: patients on a telephone, also without JavaScript, and doctors who are not logged in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT, cancelMeeting, choose, confirmHosts, fillLogIn, logIn, makeMeeting, page, site, stranger, zoom } from './clinic.mjs';

const TELEPHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 3, timezoneId: 'America/New_York' };
const WITHOUT_JAVASCRIPT = { ...TELEPHONE, javaScriptEnabled: false };
/** No finger hits anything lower. */
const LEAST_HEIGHT = 44;

test('before the window a patient on a telephone reads when it is, here and at the clinic', async () => {
  const { link, admin } = await visit('2031-01-14', '09:30');
  const patient = await stranger(TELEPHONE);
  await patient.goto(link);
  assert.equal(await state(patient), 'early');
  const text = await patient.locator('#telemed-visit').innerText();
  assert.match(text, /9:30 am.*Europe\/Berlin/s);
  assert.match(text, /Dora Example/);
  assert.match(text, /15 minutes before/);
  const own = patient.locator('#telemed-your-time');
  assert.ok(await own.isVisible());
  assert.match(await own.innerText(), /3:30\sAM/);
  assert.equal(await patient.locator('#telemed-join').count(), 0, 'nothing to join yet');
  await assertFits(patient);
  await cancelMeeting(admin);
  await patient.reload();
  assert.equal(await state(patient), 'cancelled');
});

for (const [how, telephone] of [['on a telephone', TELEPHONE], ['on a telephone without JavaScript', WITHOUT_JAVASCRIPT]]) {
  test(`within the window a tap on Join leads a patient ${how} into the visit`, async () => {
    const { link, admin } = await visit(...inMinutes(5));
    const patient = await stranger(telephone);
    const answer = await patient.goto(link);
    assert.equal(await state(patient), 'open');
    assert.match(answer.headers()['cache-control'], /no-store/);
    assert.equal(answer.headers()['referrer-policy'], 'no-referrer');
    const join = patient.locator('#telemed-join');
    const box = await join.boundingBox();
    assert.ok(box.height >= LEAST_HEIGHT && box.y + box.height <= TELEPHONE.viewport.height, 'large enough, and seen without scrolling');
    if (telephone === TELEPHONE) await assertFits(patient);
    await join.tap();
    await patient.waitForURL(`${site.fake_http}/j/**`);
    assert.match(await patient.locator('body').innerText(), /participant/i);
    await cancelMeeting(admin);
  });
}

test('without JavaScript the page looks again by itself, and says the clinic\'s time', async () => {
  const { link, admin } = await visit('2031-01-14', '09:30');
  const patient = await stranger(WITHOUT_JAVASCRIPT);
  await patient.goto(link);
  assert.equal(await state(patient), 'early');
  assert.match(await patient.locator('meta[http-equiv=refresh]').getAttribute('content'), /^\d+$/);
  assert.match(await patient.locator('#telemed-visit').innerText(), /Europe\/Berlin/);
  assert.equal(await patient.locator('#telemed-your-time').isVisible(), false);
  await cancelMeeting(admin);
});

test('a visitor whose clock shows the clinic\'s time reads it once', async () => {
  const { link, admin } = await visit('2031-01-14', '09:30');
  for (const [timezoneId, isOther] of [['Europe/Berlin', false], ['Europe/Rome', false], ['Europe/Lisbon', true]]) {
    const patient = await stranger({ ...TELEPHONE, timezoneId });
    await patient.goto(link);
    assert.equal(await state(patient), 'early');
    assert.equal(await patient.locator('#telemed-your-time').isVisible(), isOther, timezoneId);
  }
  await cancelMeeting(admin);
});

test('a visit that was moved is found behind the same link', async () => {
  const { id, link, admin } = await visit('2031-01-14', '09:30');
  const patient = await stranger(TELEPHONE);
  await patient.goto(link);
  assert.equal(await state(patient), 'early');
  const moved = await admin.evaluate(async ([id, start, root]) => {
    const nonce = await (await fetch(`${root}/wp-admin/admin-ajax.php?action=rest-nonce`)).text();
    const headers = { 'X-WP-Nonce': nonce, 'Content-Type': 'application/json' };
    return (await fetch(`${root}/wp-json/telemed/v1/visits/${id}`, { method: 'PATCH', headers, body: JSON.stringify({ start }) })).status;
  }, [id, new Date(Date.now() + 300_000).toISOString().replace(/:\d\d\.\d+Z$/, ':00Z'), site.url]);
  assert.equal(moved, 200);
  await patient.reload();
  assert.equal(await state(patient), 'open');
  await patient.locator('#telemed-join').tap();
  await patient.waitForURL(`${site.fake_http}/j/**`);
  await cancelMeeting(admin);
});

test('a doctor who is not logged in is led from the visit link through the log-in to Start', async () => {
  const { link, admin } = await visit(...inMinutes(5));
  for (const device of [{}, TELEPHONE]) {
    const doctor = await stranger(device);
    await doctor.goto(link);
    await doctor.locator('#telemed-doctor-login').click();
    await doctor.waitForURL(/wp-login\.php/);
    await fillLogIn(doctor, site.doctor1);
    await doctor.waitForURL(`${site.fake_http}/s/**`);
    assert.match(await doctor.locator('body').innerText(), /host/i);
  }
  const other = await stranger();
  await other.goto(link);
  await other.locator('#telemed-doctor-login').click();
  await fillLogIn(other, site.doctor2);
  await other.waitForURL(/telemed_visit=/);
  assert.equal(await state(other), 'open', 'another doctor is whoever holds the link');
  await cancelMeeting(admin);
});

/** A visit of doctor 1 and its link, from the invitation as the administrator copies it. */
async function visit(date, time) {
  const admin = await logIn(site.admin);
  await choose(admin, 's2s', ACCOUNT);
  await confirmHosts(admin);
  await makeMeeting(admin, 'Dora Example', date, time);
  await page(admin, 'telemed-meetings');
  const invitation = admin.locator('.telemed-invitation textarea').first();
  assert.equal((await zoom('GET', 'state')).meetings.length, 1);
  return {
    admin,
    id: (await invitation.getAttribute('id')).match(/\d+$/)[0],
    link: (await invitation.inputValue()).match(/https?:\S+telemed_visit=[0-9a-f]{32}/)[0],
  };
}

/** Date and time in Berlin. */
function inMinutes(minutes) {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'short' }).format(new Date(Date.now() + minutes * 60_000));
  return parts.split(' ');
}

const state = (tab) => tab.locator('#telemed-visit').getAttribute('data-state');

async function assertFits(tab) {
  const [wide, window] = await tab.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= window, `${wide} wide in a window of ${window}`);
  const size = await tab.evaluate(() => parseFloat(getComputedStyle(document.querySelector('#telemed-visit p:not(.clinic)')).fontSize));
  assert.ok(size >= 16, `text of ${size} pixels`);
}
