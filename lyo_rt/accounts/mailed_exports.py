"""Links to exports, mailed to who has asked: the learner, or the parent of a child."""

from datetime import datetime
from uuid import UUID

from lyo_rt.accounts import repository
from lyo_rt.accounts.mailed_links import AccountMail
from lyo_rt.accounts.minors.parents import Parents
from lyo_rt.database.pool import Transaction


class MailedExports:
    """What is posted when an export is ready."""

    def __init__(self, mail: AccountMail, parents: Parents) -> None:
        self._mail = mail
        self._parents = parents

    async def post(
        self, transaction: Transaction, user_id: UUID, *, for_parent: bool, expires_at: datetime
    ) -> bytes | None:
        """Mail the link; what its token is known by, or None when there is nobody to mail."""
        if for_parent:
            return await self._parents.mail_export(transaction, user_id, expires_at=expires_at)
        recipient = await repository.find_recipient(transaction, user_id=user_id)
        if recipient is None:
            return None
        mailed = await self._mail.post_export_ready(transaction, recipient, expires_at=expires_at)
        return mailed.digest
