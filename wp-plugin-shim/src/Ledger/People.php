<?php
/**
 * Who meets, for mails and for the page of the visit.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

defined('ABSPATH') || exit;

final class People
{
    /** @param ?string $patientTimezone IANA name, where known */
    public function __construct(
        public readonly string $doctorName,
        public readonly ?string $doctorEmail,
        public readonly ?string $patientName,
        public readonly ?string $patientEmail,
        public readonly ?string $patientTimezone = null
    ) {
    }
}
